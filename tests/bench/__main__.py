"""`make bench`: every row beside its reference, printed as a table and written to $ZCGL_HOME/bench.json."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

from config.settings import settings
from server import crypto
from server.run.schema import apply_migrations
from tests.bench.fanout import fan_outs
from tests.bench.idling import connections, starts
from tests.bench.national import opening
from tests.bench.processes import serving
from tests.bench.reading import lists, logins, reads
from tests.bench.refusing import refusals, takes
from tests.bench.selling import places, winners
from tests.bench.stage import set_stage
from tests.bench.table import Row, show, write
from tests.engines.engine import KEYRING, Engine
from tests.engines.servers import MariaDB, RedisServer, ValkeyServer, scratch_folder

_FIRMS = 10_000


def main() -> None:
    target = settings().home / "bench.json"
    # The embedded engine lives in memory; MariaDB commits to a disk, as in life.
    memory, disk = scratch_folder(), Path(tempfile.mkdtemp(prefix="zcgl-bench-"))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rows = runner.run(_measure(memory, disk))
    finally:
        shutil.rmtree(memory, ignore_errors=True)
        shutil.rmtree(disk, ignore_errors=True)
    write(rows, target)
    sys.stdout.write(f"{show(rows)}\n{target}\n")


async def _measure(memory: Path, disk: Path) -> list[Row]:
    crypto.use(KEYRING)
    rows = await _on_the_embedded_engine(memory) + await _on_mariadb(disk / "bookings")
    rows += await _of_notices(disk / "notices")
    return sorted(rows, key=lambda row: (int("".join(filter(str.isdigit, row.row)) or 99), row.row))


async def _on_the_embedded_engine(home: Path) -> list[Row]:
    async with _embedded(home) as engine, engine.opened():
        firms, environment = await set_stage(_FIRMS), engine.environment()
        async with serving("server.run.web", environment) as service, serving("tests.bench.bare", environment) as bare:
            rows = await reads(service, bare, firms)
            rows += await refusals(service, bare, firms)
            rows += await logins(service, firms)
        rows += await takes(engine.redis)
        return rows + await starts(environment) + await connections(environment)


async def _on_mariadb(home: Path) -> list[Row]:
    async with _installed(home) as engine, engine.opened():
        firms, environment = await set_stage(_FIRMS), engine.environment()
        async with serving("server.run.web", environment) as gate, serving("tests.bench.locked", environment) as lock:
            rows = await winners(gate, lock, firms, engine.redis)
        rows += await places(engine.redis)
        async with serving("server.run.web", environment, processes=2) as service:
            rows += await opening(service, firms, engine.redis)
            return rows + await lists(service, firms[-1])


async def _of_notices(home: Path) -> list[Row]:
    async with _installed(home) as engine:
        return await fan_outs(engine, home)


@asynccontextmanager
async def _embedded(home: Path) -> AsyncIterator[Engine]:
    valkey = ValkeyServer(home)
    engine = Engine("sqlite+valkey", home, f"sqlite://{home / 'zcgl.sqlite3'}", valkey)
    valkey.start()
    try:
        await apply_migrations(engine.orm())
        yield engine
    finally:
        valkey.kill()


@asynccontextmanager
async def _installed(home: Path) -> AsyncIterator[Engine]:
    await asyncio.to_thread(home.mkdir)
    mariadb, redis = MariaDB(home, durable=True), RedisServer(home)
    mariadb.start()
    redis.start()
    try:
        engine = Engine("mariadb+redis", home, mariadb.create_database("zcgl_bench"), redis, mariadb)
        await apply_migrations(engine.orm())
        yield engine
    finally:
        redis.kill()
        mariadb.kill()


if __name__ == "__main__":
    main()
