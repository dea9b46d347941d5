"""After a whole story nothing personal stands in a log, in a stolen database, in Redis or in a stored file."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from server.businesses import catalogue
from server.businesses.editions import store_editions
from server.gateways.redis.slots import RedisSlots
from server.run.schema import apply_migrations
from server.run.tether import tethered
from tests.conftest import ENGINES
from tests.engines.engine import Engine
from tests.engines.servers import MariaDB, RedisServer, ValkeyServer
from tests.intruders.canaries import database_copy, overheard, redis_copy, stored_objects
from tests.intruders.story import PEOPLE, Story
from tests.server.http.client import Client
from tests.server.http.contract import Contract
from tests.server.http.site import Site, running_site
from tests.server.http.stage import Stage


@dataclass(frozen=True)
class House:
    """A service that nobody else uses."""

    site: Site
    client: Client
    story: Story


@pytest.fixture(params=ENGINES)
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, http: aiohttp.ClientSession, contract: Contract
) -> AsyncIterator[House]:
    async with own_engine(request, tmp_path) as engine, running_site(engine, tmp_path) as site, site.redis() as door:
        await store_editions(catalogue())
        client = Client(site, http, contract)
        yield House(site, client, Story(client, Stage(site, RedisSlots(door))))


@asynccontextmanager
async def own_engine(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Engine]:
    """Empty, of either kind, and open."""
    mariadb: MariaDB | None = request.getfixturevalue("mariadb") if request.param == ENGINES[1] else None
    redis = RedisServer(folder) if mariadb else ValkeyServer(folder)
    url = mariadb.create_database(f"c{uuid4().hex[:8]}") if mariadb else f"sqlite://{folder / 'zcgl.sqlite3'}"
    engine = Engine(request.param, folder, url, redis, mariadb)
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
        process = subprocess.Popen(command, env=site._environment(), stdout=output, stderr=output)
    yield log
    process.terminate()
    process.wait(timeout=15)


async def test_nothing_personal_is_left_lying_about(house: House) -> None:
    site, story = house.site, house.story
    async with overheard(site.engine) as commands:
        with worker(site) as worker_log:
            await story.tell()
            in_redis = await redis_copy(site.engine)
    objects = stored_objects(site.engine)
    canaries = story.canaries

    assert len(canaries.seeded["ID number"]) == PEOPLE
    assert len(canaries.seeded["mobile"]) > PEOPLE
    found = {
        "web log": canaries.seen_in(site.log.read_bytes()),
        "worker log": canaries.seen_in(worker_log.read_bytes()),
        "database": canaries.seen_in(database_copy(site.engine), besides="openid"),
        "Redis": canaries.seen_in(in_redis),
        "what Redis was told": canaries.seen_in("\n".join(commands).encode()),
        "files": canaries.seen_in(b"".join(objects.values())),
    }
    assert [f"{where}: {what}" for where, seen in found.items() for what in seen] == []
    assert len(commands) > 100
    assert len(objects) > PEOPLE
    shown = [page[100:132] for page in story.told]
    assert [name for name, stored in objects.items() if any(part in stored for part in shown)] == []
