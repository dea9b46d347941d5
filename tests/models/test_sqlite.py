"""SQLite shared by processes: read-then-write transactions wait for each other and lose nothing."""

import asyncio
import sys
from uuid import uuid4

from models.work import JobLease
from server import clock
from tests.engines.engine import Engine

TURNS = 200
# Adds one to the number in `owner`, TURNS times, by reading it and writing it back.
COUNT = f"""
import asyncio, sys
from config.settings import settings
from models.work import JobLease
from server.run.compose import open_database
from server.transactions import in_transaction

async def count(name):
    async with open_database(settings()):
        for _ in range({TURNS}):
            async with in_transaction():
                lease = await JobLease.get(name=name)
                await JobLease.filter(name=name).update(owner=str(int(lease.owner) + 1))

asyncio.run(count(sys.argv[1]))
"""


async def test_two_processes_count_to_400_together(embedded: Engine) -> None:
    name = uuid4().hex
    await JobLease.create(name=name, owner="0", leased_until=clock.now(), next_at=clock.now())

    ended = await asyncio.gather(*(run(COUNT, name, embedded) for _ in range(2)))

    assert ended == [(0, ""), (0, "")]
    assert (await JobLease.get(name=name)).owner == str(2 * TURNS)


async def run(script: str, argument: str, engine: Engine) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, argument), env=engine.environment(), stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    return process.returncode, complaint.decode()
