"""What differs between engines: isolation, time zone, exact comparison, lost connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.exceptions import IntegrityError

from models.accounts import WechatApp, WechatBinding
from models.base import new_id
from models.orm import orm_config
from models.work import JobLease
from server import clock
from server.transactions import in_transaction, is_connection_lost
from tests.engines.engine import Engine
from tests.engines.proxy import Proxy, proxy_to
from tests.engines.servers import MariaDB


async def bind(openid: str) -> None:
    await WechatBinding.create(
        app=WechatApp.OFFICIAL_ACCOUNT, openid=openid, account_id=new_id(), created_at=clock.now()
    )


async def on_every_connection(sql: str) -> set[tuple[Any, ...]]:
    """The answers of eight transactions that are open at once."""
    together = asyncio.Barrier(8)

    async def ask() -> tuple[Any, ...]:
        async with asyncio.timeout(10), in_transaction() as transaction:
            await together.wait()
            return tuple((await transaction.execute_query_dict(sql))[0].values())

    return set(await asyncio.gather(*(ask() for _ in range(8))))


@pytest.mark.parametrize("pair", [("Ab", "ab"), ("𠮷", "𠮸"), ("é", "e")])
async def test_a_unique_key_tells_apart_what_differs(engine: Engine, pair: tuple[str, str]) -> None:
    mark = new_id().hex[:12]

    for text in pair:
        await bind(mark + text)
        with pytest.raises(IntegrityError):
            await bind(mark + text)

    assert await WechatBinding.filter(openid=mark + pair[0]).count() == 1


async def test_every_connection_is_read_committed_utc_and_impatient(installed: Engine) -> None:
    answers = await on_every_connection("SELECT @@tx_isolation, @@time_zone, @@innodb_lock_wait_timeout")

    assert answers == {("READ-COMMITTED", "+00:00", 2)}


async def test_the_pool_recovers_when_the_server_cuts_every_connection(installed: Engine) -> None:
    assert installed.mariadb is not None
    await on_every_connection("SELECT 1")

    assert installed.mariadb.cut_all_connections() >= 8

    # A connection may be found dead once, by whoever takes it first; none is found dead twice.
    first = await asyncio.gather(*(_one() for _ in range(8)), return_exceptions=True)
    assert all(is_connection_lost(answer) for answer in first if isinstance(answer, BaseException))
    assert await on_every_connection("SELECT 1") == {(1,)}


async def _one() -> None:
    async with in_transaction() as transaction:
        await transaction.execute_query("SELECT 1")


async def test_an_update_reports_rows_it_matched_not_only_those_it_changed(engine: Engine) -> None:
    name, at = new_id().hex, clock.now()
    await JobLease.create(name=name, leased_until=at, next_at=at, owner="a")

    assert await JobLease.filter(name=name).update(owner="a") == 1


async def test_a_reader_sees_what_another_committed_in_the_middle_of_its_transaction(installed: Engine) -> None:
    assert installed.mariadb is not None
    name, at = new_id().hex, clock.now()
    await JobLease.create(name=name, leased_until=at, next_at=at, owner="before")

    async with in_transaction():
        assert (await JobLease.get(name=name)).owner == "before"
        installed.mariadb.run(f"UPDATE zcgl_test.job_lease SET owner = 'after' WHERE name = '{name}'")
        assert (await JobLease.get(name=name)).owner == "after"


async def test_connections_cut_under_those_who_wait_for_one_hold_up_nobody(mariadb: MariaDB, tmp_path: Path) -> None:
    async with proxy_to(mariadb.port) as proxy, small_pool(mariadb, proxy, tmp_path):
        proxy.hang()
        waiting = [asyncio.create_task(_one()) for _ in range(12)]
        await asyncio.sleep(0)
        proxy.refuse()
        proxy.flow()
        async with asyncio.timeout(20):
            outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(is_connection_lost(outcome) for outcome in outcomes if outcome is not None)

        proxy.accept()
        async with asyncio.timeout(20):
            await asyncio.gather(*(_one() for _ in range(12)))


async def test_cancelled_transactions_give_their_connections_back(mariadb: MariaDB, tmp_path: Path) -> None:
    async with proxy_to(mariadb.port) as proxy, small_pool(mariadb, proxy, tmp_path):
        for turn in range(60):
            work = [asyncio.create_task(_one()) for _ in range(4)]
            for _ in range(turn):
                await asyncio.sleep(0)
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

        async with asyncio.timeout(20):
            await asyncio.gather(*(_one() for _ in range(12)))


@asynccontextmanager
async def small_pool(mariadb: MariaDB, proxy: Proxy, home: Path) -> AsyncIterator[None]:
    """Three connections through a proxy, open and used once."""
    mariadb.run("CREATE DATABASE IF NOT EXISTS zcgl_pool")
    url = mariadb.url("zcgl_pool").replace(str(mariadb.port), str(proxy.port))
    await Tortoise.init(config=orm_config(url, home, 3), _enable_global_fallback=True)
    EXECUTOR_CACHE.clear()
    await asyncio.gather(*(_one() for _ in range(6)))
    try:
        yield
    finally:
        async with asyncio.timeout(10):
            await Tortoise.close_connections()
        EXECUTOR_CACHE.clear()
