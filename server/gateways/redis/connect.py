"""The client of one Redis, or of a Redis Cluster when the address names its nodes."""

from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from redis import exceptions
from redis.asyncio import ConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

# What says that Redis cannot be used now: a cluster's client has an exception that is none of Redis's own.
FAULTS = (exceptions.RedisError, exceptions.RedisClusterException, OSError)

_CLUSTERS = {"redis+cluster": False, "rediss+cluster": True}  # scheme -> over TLS


def connect(url: str, *, connections: int, seconds: float) -> Redis:
    """`url`: redis://host:port/db, rediss://…, unix:///path or redis+cluster://user:password@host:port,host:port.

    Connecting and every answer have `seconds`. Nothing is opened before the first command, and nobody waits for one of
    the `connections`: whoever asks must know that one is free. Nothing is repeated either, but that a cluster's client
    follows MOVED, ASK and TRYAGAIN at most 16 times: three repeats, the default, are too long for a path that must be
    left after 200 ms.
    """
    patience: dict[str, Any] = {
        "max_connections": connections,
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "driver_info": None,
    }
    address = urlsplit(url)
    if address.scheme not in _CLUSTERS:
        return Redis.from_pool(ConnectionPool.from_url(url, **patience))
    cluster: Any = RedisCluster(
        startup_nodes=[ClusterNode(*node) for node in _nodes(address.netloc)],
        username=unquote(address.username) if address.username else None,
        password=unquote(address.password) if address.password else None,
        ssl=_CLUSTERS[address.scheme],
        **patience,
    )
    return cast(Redis, cluster)  # what is asked of either, both can do


async def read_all(client: Redis, keys: Sequence[str]) -> list[Any]:
    """The values of keys that may live on different nodes; those of one hash tag are read at one moment."""
    if isinstance(client, RedisCluster):
        return cast(list[Any], await client.mget_nonatomic(keys))
    return await client.mget(keys)


async def forget_nodes(client: Redis) -> None:
    """After a fault the next command asks a cluster anew which node has what: its pipelines would not by themselves."""
    if isinstance(client, RedisCluster):
        await client.aclose()


def _nodes(netloc: str) -> list[tuple[str, int]]:
    parts = [urlsplit(f"//{part}") for part in netloc.rpartition("@")[2].split(",")]
    return [(part.hostname or "", part.port or 6379) for part in parts]
