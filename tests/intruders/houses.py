"""A service that nobody else uses, on engines of its own: for what would leave other tests a strange world."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

from server.businesses import catalogue
from server.businesses.editions import store_editions
from server.gateways.redis.slots import RedisSlots
from server.run.schema import apply_migrations
from server.run.tether import tethered
from tests.engines.engine import Engine
from tests.engines.servers import MariaDB, RedisServer, ValkeyServer
from tests.server.http.site import Site, running_site
from tests.server.http.stage import Stage


@asynccontextmanager
async def running_house(folder: Path, mariadb: MariaDB | None) -> AsyncIterator[Stage]:
    """Empty, with one web process; on SQLite and Valkey, or in a new database of `mariadb` with Redis."""
    async with _own_engine(folder, mariadb) as engine, running_site(engine, folder) as site, site.redis() as door:
        await store_editions(catalogue())
        yield Stage(site, RedisSlots(door))


@asynccontextmanager
async def _own_engine(folder: Path, mariadb: MariaDB | None) -> AsyncIterator[Engine]:
    redis = RedisServer(folder) if mariadb else ValkeyServer(folder)
    url = mariadb.create_database(f"h{uuid4().hex[:8]}") if mariadb else f"sqlite://{folder / 'zcgl.sqlite3'}"
    engine = Engine("own", folder, url, redis, mariadb)
    redis.start()
    await apply_migrations(engine.orm())
    async with engine.opened():
        yield engine
    redis.kill()


@contextmanager
def worker(site: Site) -> Iterator[Path]:
    """A worker process beside the site; its log."""
    log = site.folder / "worker.log"
    with log.open("ab") as output:
        command = tethered([sys.executable, "-m", "server.run.worker"])
        process = subprocess.Popen(command, env=site.environment(), stdout=output, stderr=output)
    yield log
    process.terminate()
    process.wait(timeout=15)
