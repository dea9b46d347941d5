"""A pool over several nodes: one is preferred, a dead one is left, and a node outside of its cluster is not spoken to.

Two servers of which neither knows the other show where connections go; only `make cluster` has them replicate.
"""

import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pymysql.err import OperationalError

from models.engines import mysql_galera
from models.engines.mysql_galera import NodeConnection, Nodes, NodesPool
from models.orm import orm_config
from server.transactions import connection, up_to_date
from tests.engines.engine import Engine
from tests.engines.servers import MariaDB, RedisServer, scratch_folder


@pytest.fixture
def pair() -> Iterator[list[MariaDB]]:
    folder = scratch_folder()
    servers = []
    for name in ("first", "second"):
        (folder / name).mkdir()
        servers.append(MariaDB(folder / name))
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.kill()
        shutil.rmtree(folder)


@pytest.fixture
async def pool(pair: list[MariaDB]) -> AsyncIterator[NodesPool]:
    nodes = [("127.0.0.1", server.port) for server in pair]
    pool = NodesPool(nodes, maxsize=3, pool_recycle=60, user="zcgl", password="zcgl-test", connect_timeout=2)
    yield pool
    pool.terminate()
    await pool.wait_closed()


async def ports(pool: NodesPool, connections: int) -> list[int]:
    """Where this many connections, all in use at once, lead to."""
    used = [await pool.acquire() for _ in range(connections)]
    for one in used:
        await pool.release(one)
    return [one.port for one in used]


async def test_every_connection_leads_to_the_first_node(pool: NodesPool, pair: list[MariaDB]) -> None:
    assert await ports(pool, 3) == [pair[0].port] * 3


async def test_a_dead_node_is_left_for_the_next_and_returned_to(
    pool: NodesPool, pair: list[MariaDB], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql_galera, "_AVOID_SECONDS", 0.0)
    used = await pool.acquire()

    pair[0].kill()
    with pytest.raises(OperationalError):
        await used.query("SELECT 1")
    await pool.release(used)
    while_dead = await ports(pool, 3)
    pair[0].start()

    assert while_dead == [pair[1].port] * 3
    assert await ports(pool, 3) == [pair[0].port] * 3


async def test_a_connection_to_a_node_that_was_left_goes_when_it_is_given_back(
    pool: NodesPool, pair: list[MariaDB]
) -> None:
    used = await pool.acquire()
    pool._move_to(("127.0.0.1", pair[1].port))

    await pool.release(used)

    assert used.closed


async def test_with_every_node_down_the_last_one_says_why(pool: NodesPool, pair: list[MariaDB]) -> None:
    for server in pair:
        server.kill()

    with pytest.raises(OperationalError, match="Can't connect"):
        await pool.acquire()


async def test_a_connection_ends_when_its_node_says_that_it_stands_outside(
    pool: NodesPool, pair: list[MariaDB]
) -> None:
    connection: NodeConnection = await pool.acquire()

    with pytest.raises(OperationalError):
        await connection.query("SIGNAL SQLSTATE '08S01' SET MYSQL_ERRNO = 1047, MESSAGE_TEXT = 'WSREP has not yet'")

    assert connection.closed
    await pool.release(connection)


async def test_the_kernel_asks_a_silent_machine_whether_it_is_there(pool: NodesPool) -> None:
    connection = await pool.acquire()

    line = connection._writer.get_extra_info("socket")
    asks, waits = (line.getsockopt(socket.IPPROTO_TCP, of) for of in (socket.TCP_KEEPIDLE, socket.TCP_USER_TIMEOUT))

    assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert (asks, waits) == (3, 6000)


def test_a_node_that_failed_is_asked_last() -> None:
    nodes = Nodes([("a", 1), ("b", 2), ("c", 3)])

    nodes.avoid(("a", 1))

    assert list(nodes.in_turn()) == [("b", 2), ("c", 3), ("a", 1)]


def test_an_address_with_several_hosts_is_a_cluster(tmp_path: Path) -> None:
    found = orm_config("mysql://u:p%40@one:3307,two/zcgl", tmp_path, 5)["connections"]["default"]

    assert found["engine"] == "models.engines.mysql_galera"
    assert found["credentials"]["nodes"] == [("one", 3307), ("two", 3306)]
    assert (found["credentials"]["password"], found["credentials"]["database"]) == ("p@", "zcgl")


async def test_reads_that_decide_wait_for_the_other_nodes(pair: list[MariaDB], tmp_path: Path) -> None:
    """Asked before BEGIN: within a transaction Galera waits for nobody."""
    pair[0].run("CREATE DATABASE house")
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in pair)
    engine = Engine("pair", tmp_path, f"mysql://zcgl:zcgl-test@{hosts}/house", RedisServer(tmp_path))
    async with engine.opened():
        async with up_to_date():
            waiting = await connection().execute_query_dict("SELECT @@wsrep_sync_wait AS w, @@in_transaction AS t")
        afterwards = await connection().execute_query_dict("SELECT @@wsrep_sync_wait AS w, @@in_transaction AS t")

    assert waiting == [{"w": 1, "t": 1}]
    assert afterwards == [{"w": 0, "t": 0}]
