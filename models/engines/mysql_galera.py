"""A Galera cluster: each process works on one node, the first of its list that takes part, and leaves it when it fails.

One node at a time lets a process read what it has just written, and spares it certification conflicts; processes with
the same list agree on the node within moments (ADR 10).
"""

import asyncio
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import aiomysql
from pymysql.err import MySQLError, OperationalError

from models.engines.mysql import SteadyMySQLClient, WakingPool

Node = tuple[str, int]  # host, port

_NOT_PREPARED = 1047  # the node stands outside of the cluster: it joins, or has lost the majority
_AVOID_SECONDS = 20.0  # how long a node that failed is not asked again

# A machine that froze, or that the network lost, closes nothing: the kernel gives its connections up after 6 s.
_LIVELINESS = {socket.TCP_KEEPIDLE: 3, socket.TCP_KEEPINTVL: 1, socket.TCP_KEEPCNT: 3, socket.TCP_USER_TIMEOUT: 6000}


class Nodes:
    """The nodes in the order of preference, and which of them failed lately."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = tuple(nodes)
        self._avoided_until: dict[Node, float] = {}

    def best(self) -> Node:
        return next(self.in_turn())

    def in_turn(self) -> Iterator[Node]:
        """Those in good standing first; the others too, for better a try than none."""
        now = time.monotonic()
        avoided = {node for node in self._nodes if self._avoided_until.get(node, 0.0) > now}
        yield from (node for node in self._nodes if node not in avoided)
        yield from (node for node in self._nodes if node in avoided)

    def avoid(self, node: Node) -> None:
        self._avoided_until[node] = time.monotonic() + _AVOID_SECONDS


class NodeConnection(aiomysql.Connection):  # type: ignore[misc]
    """Ends by itself when its node says that it stands outside of the cluster."""

    async def _read_packet(self, *arguments: Any, **named: Any) -> Any:
        try:
            return await super()._read_packet(*arguments, **named)
        except OperationalError as refusal:
            if refusal.args[0] == _NOT_PREPARED:
                self.close()
            raise


class NodesPool(WakingPool):
    """Connections to one node; when another is to be preferred, or this one is gone, all of them move."""

    def __init__(self, nodes: Sequence[Node], **more: Any) -> None:
        super().__init__(minsize=0, echo=False, loop=asyncio.get_running_loop(), **more)
        self._nodes = Nodes(nodes)
        self._node = nodes[0]

    async def _fill_free_pool(self, override_min: bool) -> None:
        """Called under the pool's lock, so one connects at a time."""
        await super()._fill_free_pool(False)  # with a minimum of none, it only throws away what is broken
        is_moving = self._nodes.best() != self._node
        if is_moving and self._free:
            self._free.pop().close()  # its place is for the first connection to the better node
        if (is_moving or not self._free) and self.size < self.maxsize:
            self._free.append(await self._connect())

    async def _connect(self) -> NodeConnection:
        """To the first node that takes part. Raises what the last one said."""
        fault: Exception = OSError("no node is named")
        for node in self._nodes.in_turn():
            try:
                connection = await _greeted(node, self._conn_kwargs)
            except (MySQLError, OSError) as error:
                self._nodes.avoid(node)
                fault = error
                continue
            self._move_to(node)
            return connection
        raise fault

    def _move_to(self, node: Node) -> None:
        self._node = node
        for connection in [one for one in self._free if _node_of(one) != node]:
            self._free.remove(connection)
            connection.close()

    def release(self, conn: Any) -> "asyncio.Future[None]":
        if _node_of(conn) != self._node:
            conn.close()
        return super().release(conn)


async def _greeted(node: Node, how: dict[str, Any]) -> NodeConnection:
    """A connection on which the node has shown that it takes part: a node outside answers 1047 to any SELECT."""
    connection = NodeConnection(host=node[0], port=node[1], **how)
    await connection._connect()
    try:
        for option, value in _LIVELINESS.items():
            connection._writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, option, value)
        await connection.query("SELECT 1")
    except BaseException:
        connection.close()
        raise
    return connection


def _node_of(connection: NodeConnection) -> Node:
    return connection.host, connection.port


class GaleraClient(SteadyMySQLClient):
    is_cluster: ClassVar[bool] = True  # reads that decide wait for what the other nodes have acknowledged

    def __init__(self, *, nodes: Sequence[Node], **credentials: Any) -> None:
        super().__init__(host=nodes[0][0], port=nodes[0][1], **credentials)
        self.extra.pop("nodes", None)
        self._nodes = nodes

    async def create_connection(self, with_db: bool) -> None:
        """Opens nothing yet: a pool whose every node is down says so when it is asked."""
        how = {"user": self.user, "password": self.password, "db": self.database if with_db else None}
        self._pool = NodesPool(
            self._nodes, maxsize=self.pool_maxsize, autocommit=True, charset=self.charset, **how, **self.extra
        )
        await self._post_connect()


client_class = GaleraClient  # tortoise looks for "mysql" in the name of this module
