"""The service on a socket, who asks it, and what they ask about."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from server.businesses import catalogue
from server.businesses.editions import store_editions
from server.gateways.redis.slots import RedisSlots
from tests.engines.engine import Engine
from tests.server.http.client import Client
from tests.server.http.contract import Contract
from tests.server.http.site import Site, running_site
from tests.server.http.stage import Stage


@pytest.fixture(scope="session")
def site_logs(scratch: Path) -> Path:
    folder = scratch / f"sites-{uuid4().hex[:6]}"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
async def embedded_site(embedded_engine: Engine, site_logs: Path) -> AsyncIterator[Site]:
    """On SQLite with Valkey: one for all tests."""
    async with running_site(embedded_engine, site_logs) as site:
        yield site


@pytest.fixture(scope="session")
async def installed_site(installed_engine: Engine, site_logs: Path) -> AsyncIterator[Site]:
    """On MariaDB with Redis: one for all tests."""
    async with running_site(installed_engine, site_logs) as site:
        yield site


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


@pytest.fixture(scope="session")
async def contract(embedded_site: Site, http: aiohttp.ClientSession) -> Contract:
    """The document as it is served."""
    async with http.get(f"{embedded_site.url}/openapi.json") as answer:
        return Contract(await answer.json())


@pytest.fixture
def site(embedded_site: Site, embedded: Engine) -> Site:
    return embedded_site


@pytest.fixture
def client(site: Site, http: aiohttp.ClientSession, contract: Contract) -> Client:
    return Client(site, http, contract)


@pytest.fixture
async def stage(site: Site) -> AsyncIterator[Stage]:
    async for made in staged(site):
        yield made


@pytest.fixture
def engine_site(request: pytest.FixtureRequest, engine: Engine) -> Site:
    """The test runs twice, against the service on either pair of engines."""
    found: Site = request.getfixturevalue("installed_site" if engine.mariadb else "embedded_site")
    return found


@pytest.fixture
def engine_client(engine_site: Site, http: aiohttp.ClientSession, contract: Contract) -> Client:
    return Client(engine_site, http, contract)


@pytest.fixture
async def engine_stage(engine_site: Site) -> AsyncIterator[Stage]:
    async for made in staged(engine_site):
        yield made


async def staged(site: Site) -> AsyncIterator[Stage]:
    """A stage on the open database, and afterwards a look into the log: nothing personal, no fault."""
    await store_editions(catalogue())
    mark = site.mark
    async with site.redis() as door:
        stage = Stage(site, RedisSlots(door))
        yield stage
    written = site.log.read_bytes()[mark:].decode()
    leaked = sorted(secret for secret in stage.secrets if secret in written)
    assert not leaked, f"the log names {leaked}"
    faults = [line for line in site.lines(mark) if line["event"] == "fault"]
    assert not faults, "\n".join(map(str, faults))
