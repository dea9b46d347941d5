"""`make bench`: rows 1-4 and cold start, printed as a table and written to $ZCGL_HOME/bench.json."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from config.settings import settings
from server import crypto
from server.run.schema import apply_migrations
from tests.bench.processes import serving
from tests.bench.rows import reads, refusals, starts, winners
from tests.bench.stage import set_stage
from tests.bench.table import Row, show, write
from tests.engines.engine import KEYRING, Engine
from tests.engines.servers import MariaDB, RedisServer, ValkeyServer, scratch_folder

_FIRMS = 600


def main() -> None:
    target = settings().home / "bench.json"
    scratch = scratch_folder()
    embedded, installed = scratch / "embedded", scratch / "installed"
    embedded.mkdir()
    installed.mkdir()
    try:
        rows = asyncio.run(_measure(embedded, installed))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    write(rows, target)
    sys.stdout.write(f"{show(rows)}\n{target}\n")


async def _measure(embedded: Path, installed: Path) -> list[Row]:
    crypto.use(KEYRING)
    async with _embedded(embedded) as engine, engine.opened():
        firms = await set_stage(_FIRMS)
        environment = engine.environment()
        async with serving("server.run.web", environment) as service, serving("tests.bench.bare", environment) as bare:
            rows = await reads(service, bare, firms) + await refusals(service, bare, firms, engine.redis)
        rows += await starts(environment)
    async with _installed(installed) as engine, engine.opened():
        firms = await set_stage(_FIRMS)
        environment = engine.environment()
        async with serving("server.run.web", environment) as gate, serving("tests.bench.locked", environment) as lock:
            return [*rows[:2], *await winners(gate, lock, firms, engine.redis), *rows[2:]]


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
    mariadb, redis = MariaDB(home), RedisServer(home)
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
