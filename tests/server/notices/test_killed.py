"""A worker killed with a notice in its hands: everyone gets it, nobody sees it twice (reliability.md, rows 23-24)."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from config.settings import settings
from models.notices import Notice
from server.messages.leases import LEASE
from server.notices.progress import progress_of
from server.run.schema import apply_migrations
from tests.engines.engine import Engine
from tests.engines.servers import python
from tests.server.notices.conftest import NoticeWorld
from tests.simulator.app import Simulator, running_simulator

RECIPIENTS = 2000
NOWHERE = "http://127.0.0.1:9"
PATIENCE = 120  # seconds


@pytest.fixture
async def own_engine(running_engine: Engine, tmp_path: Path) -> AsyncIterator[Engine]:
    """A database of this test alone: whole workers run on it, with all their jobs."""
    name = f"zcgl_{uuid4().hex[:12]}"
    mariadb = running_engine.mariadb
    url = mariadb.create_database(name) if mariadb else f"sqlite://{tmp_path / 'zcgl.sqlite3'}"
    engine = replace(running_engine, home=tmp_path, database_url=url)
    await apply_migrations(engine.orm())
    async with engine.opened():
        yield engine


@pytest.fixture
async def simulator(own_engine: Engine) -> AsyncIterator[Simulator]:
    async with running_simulator(settings().wechat, NOWHERE) as simulator:
        simulator.platform.switches.receipts = False
        yield simulator


@contextmanager
def worker(engine: Engine, simulator: Simulator, *, later: float = 0) -> Iterator["subprocess.Popen[bytes]"]:
    """A real worker process, its clock `later` seconds ahead; killed in the end."""
    environment = engine.environment() | {
        "ZCGL_WECHAT__BASE_URL": simulator.url,
        "ZCGL_WECHAT__SENDS_PER_SECOND": "100000",
        "ZCGL_REDIS_PREFIX": f"t{simulator.url.rpartition(':')[2]}",
        "ZCGL_CLOCK_OFFSET_SECONDS": str(later),
        "ZCGL_LOG_LEVEL": "error",
    }
    process = subprocess.Popen(python("-m", "server.run.worker"), env=os.environ | environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


async def test_everyone_gets_the_notice_and_nobody_sees_it_twice(own_engine: Engine, simulator: Simulator) -> None:
    world, counters = NoticeWorld(), simulator.platform.counters
    phones = simulator.platform.add_crowd(RECIPIENTS, follows=True, credits={})
    notice = await world.told((await world.crowd(RECIPIENTS, openids=[phone.openid for phone in phones])).audience)

    with worker(own_engine, simulator) as first:
        await until(lambda: counters["template/send accepted"] >= RECIPIENTS // 4)
        first.kill()
    accepted_before = counters["template/send accepted"]
    with worker(own_engine, simulator, later=LEASE.total_seconds() + 1):
        await until_sent(notice)

    assert accepted_before < RECIPIENTS <= counters["template/send accepted"]
    assert [len(phone.messages) for phone in phones] == [1] * RECIPIENTS
    assert counters["template/send visible"] == RECIPIENTS


async def until_sent(notice: Notice) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if (await progress_of(notice)).sent == RECIPIENTS:
                return
            await asyncio.sleep(0.1)
