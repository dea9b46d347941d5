"""`make cluster`: the service on a Galera cluster, a Redis Cluster, an S3 store and nginx, node after node killed."""
