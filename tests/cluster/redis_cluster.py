"""A Redis Cluster of three masters and three replicas on loopback."""

import subprocess
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.engines.servers import RedisServer, executable, free_port, wait_until

_NODE_TIMEOUT_MS = 2000  # after which a silent master is replaced by its replica


class RedisNode(RedisServer):
    """Without persistence, but with the memory of who its peers are: a node that comes back joins by itself."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bus_port = free_port()

    def command(self) -> list[str]:
        cluster = {
            "--cluster-enabled": "yes",
            "--cluster-config-file": "nodes.conf",
            "--cluster-node-timeout": str(_NODE_TIMEOUT_MS),
            "--cluster-port": str(self.bus_port),
            # A replica takes over however old its copy is: what Redis holds here are views (ADR 4).
            "--cluster-replica-validity-factor": "0",
            "--repl-diskless-sync-delay": "0",
        }
        return [*super().command(), *(word for pair in cluster.items() for word in pair)]

    def client(self) -> Redis:
        return Redis(port=self.port, socket_timeout=2, decode_responses=True)

    def is_master(self) -> bool:
        with self.client() as client:
            return bool(client.role()[0] == "master")

    def is_linked_replica(self) -> bool:
        with self.client() as client:
            role = client.role()
            return bool(role[0] == "slave" and role[3] == "connected")

    def follows(self, port: int) -> bool:
        with self.client() as client:
            return bool(client.role()[2] == port)

    def take_over(self) -> None:
        """Become the master without asking the others."""
        with self.client() as client:
            client.execute_command("CLUSTER", "FAILOVER", "TAKEOVER")
        wait_until(self.is_master, "the replica to be master")

    def sees_a_whole_cluster(self) -> bool:
        """All slots are served and every node that is alive is linked."""
        try:
            with self.client() as client:
                return bool(client.cluster("info")["cluster_state"] == "ok")
        except RedisError:
            return False


class RedisCluster:
    def __init__(self, folder: Path) -> None:
        self.nodes = []
        for number in range(1, 7):
            home = folder / f"redis-{number}"
            home.mkdir(mode=0o700)
            self.nodes.append(RedisNode(home))

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        addresses = [f"127.0.0.1:{node.port}" for node in self.nodes]
        cli = executable("redis-cli", "redis-tools")
        create = [cli, "--cluster", "create", *addresses, "--cluster-replicas", "1", "--cluster-yes"]
        made = subprocess.run(create, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
        self.wait()
        self.wait_for_replicas()

    def wait(self) -> None:
        """Until every living node agrees that all slots are served, each by a master with a replica."""
        living = [node for node in self.nodes if node.is_running()]
        wait_until(lambda: all(node.sees_a_whole_cluster() for node in living), "a whole Redis Cluster")

    def wait_for_replicas(self) -> None:
        wait_until(lambda: sum(node.is_linked_replica() for node in self.nodes) == 3, "three replicas")

    def master(self) -> RedisNode:
        return next(node for node in self.nodes if node.is_running() and node.is_master())

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()
