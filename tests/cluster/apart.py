"""What only several nodes can show: commits that meet at COMMIT, and reads that must not be older than an answer."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pymysql
from pymysql.err import OperationalError

from server.errors import Unavailable
from server.transactions import connection, in_transaction, is_retryable, retried, up_to_date
from tests.cluster.galera import GaleraNode
from tests.cluster.stage import Stage
from tests.engines.engine import Engine

_ADDITIONS, _MOST_ADDITIONS, _LOOKS = 100, 5000, 200


async def work_apart(stage: Stage, say: Callable[[str], None]) -> list[str]:
    """Faults. This process prefers the second node, a plain client writes on the first."""
    first, second, third = stage.galera.nodes
    first.run("CREATE TABLE zcgl.apart (id INT PRIMARY KEY, n INT NOT NULL)", "INSERT INTO zcgl.apart VALUES (1, 0)")
    engine = Engine("apart", stage.engine.home, stage.galera.url_of(second, third, first), stage.redis)
    async with engine.opened():
        faults = await _add_on_both(first, say) + await _look_after_each_write(first, say)
    first.run("DROP TABLE zcgl.apart")
    return faults


async def _add_on_both(first: GaleraNode, say: Callable[[str], None]) -> list[str]:
    """The same row from two nodes, until commits have met: whoever comes second is told 1213 and tries again."""
    lost: list[bool] = []
    enough = threading.Event()

    async def add() -> None:
        try:
            async with in_transaction() as here:
                await here.execute_query("UPDATE apart SET n = n + 1 WHERE id = 1")
        except Exception as error:
            lost.append(is_retryable(error))
            raise

    there = asyncio.create_task(asyncio.to_thread(_add_there, first, enough))
    here = 0
    while here < _ADDITIONS or (not lost and here < _MOST_ADDITIONS):
        await _until_available(lambda: retried(add))
        here += 1
    enough.set()
    added, found = here + await there, await _counted()
    say(f"两个节点同时改同一行：{added} 次，本进程在 COMMIT 时冲突 {len(lost)} 次，都已重试")
    faults = [] if found == added else [f"{added} additions made {found}"]
    return faults if lost and all(lost) else [*faults, f"conflicts that were not retried, or none came: {lost}"]


async def _until_available(work: Callable[[], Awaitable[None]]) -> None:
    """A caller who is told 503 asks again."""
    while True:
        try:
            return await work()
        except Unavailable:
            continue


def _add_there(node: GaleraNode, enough: threading.Event) -> int:
    """How often it was added until then."""
    done = 0
    with _client(node) as client, client.cursor() as cursor:
        while not enough.is_set():
            try:
                cursor.execute("UPDATE apart SET n = n + 1 WHERE id = 1")
                done += 1
            except OperationalError as conflict:
                if conflict.args[0] != 1213:
                    raise
    return done


async def _look_after_each_write(first: GaleraNode, say: Callable[[str], None]) -> list[str]:
    """A write is acknowledged by one node; the other, asked at once, has it too if the read waits."""
    old = await _stale(first, _counted)
    waited = await _stale(first, _counted_up_to_date)
    say(f"在一个节点写、立刻在另一个节点读：{_LOOKS} 次，不等待时旧 {old} 次，等待时旧 {waited} 次")
    return [f"{waited} reads that decide were old"] if waited else []


async def _stale(first: GaleraNode, look: Callable[[], Awaitable[int]]) -> int:
    with _client(first) as client, client.cursor() as cursor:
        old = 0
        for number in range(_LOOKS):
            cursor.execute("UPDATE apart SET n = %s WHERE id = 1", (number,))
            old += await look() != number
        return old


async def _counted() -> int:
    [row] = await connection().execute_query_dict("SELECT n FROM apart WHERE id = 1")
    return int(row["n"])


async def _counted_up_to_date() -> int:
    async with up_to_date():
        return await _counted()


def _client(node: GaleraNode) -> Any:
    entry = {"user": "zcgl", "password": "zcgl-test", "database": "zcgl", "autocommit": True}
    return pymysql.connect(host="127.0.0.1", port=node.port, **entry)
