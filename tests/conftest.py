"""Fixtures for all tests: the test keys, the engines, and Redis names of one's own."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from redis.asyncio import BlockingConnectionPool, Redis

from server import clock, crypto
from server.run.schema import apply_migrations
from tests.engines.engine import KEYRING, Engine, environment_for_tests, use_environment
from tests.engines.servers import MariaDB, RedisServer, Server, ValkeyServer, scratch_folder

S = TypeVar("S", bound=Server)
ENGINES = ["sqlite+valkey", "mariadb+redis"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs real engines is marked so: `pytest -m "not engine"` is the quick set."""
    for item in items:
        if {"running_engine", "installed_engine"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("engine")


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder in memory that is gone after the run."""
    folder = scratch_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def test_settings(scratch: Path) -> None:
    """The developer's own ZCGL_ variables and zcgl.toml have no say in tests."""
    home = scratch / "home"
    home.mkdir()
    use_environment(environment_for_tests(home))


@pytest.fixture(autouse=True)
def keyring() -> crypto.Keyring:
    crypto.use(KEYRING)
    clock.set_offset(0)
    return KEYRING


@pytest.fixture(scope="session")
async def embedded_engine(scratch: Path) -> AsyncIterator[Engine]:
    """SQLite, migrated, and the bundled Valkey: one for all tests."""
    home = scratch / "sqlite"
    home.mkdir()
    valkey = ValkeyServer(home)
    engine = Engine("sqlite+valkey", home, f"sqlite://{home / 'zcgl.sqlite3'}", valkey)
    valkey.start()
    if prepared := os.environ.get("PREPARED_SQLITE"):  # tests.mutation: a session for every mutant
        shutil.copy(prepared, home / "zcgl.sqlite3")
    await apply_migrations(engine.orm())
    yield engine
    valkey.kill()


@pytest.fixture(scope="session")
def mariadb(scratch: Path) -> Iterator[MariaDB]:
    """A private MariaDB; take databases of your own from it with `create_database`."""
    folder = scratch / "mariadb"
    folder.mkdir()
    server = MariaDB(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
async def installed_engine(scratch: Path, mariadb: MariaDB) -> AsyncIterator[Engine]:
    """MariaDB, migrated, and Redis: one for all tests."""
    home = scratch / "redis"
    home.mkdir()
    redis = RedisServer(home)
    engine = Engine("mariadb+redis", home, mariadb.create_database("zcgl_test"), redis, mariadb)
    redis.start()
    await apply_migrations(engine.orm())
    yield engine
    redis.kill()


@pytest.fixture(scope="session", params=ENGINES)
def running_engine(request: pytest.FixtureRequest) -> Engine:
    name = "embedded_engine" if request.param == ENGINES[0] else "installed_engine"
    engine: Engine = request.getfixturevalue(name)
    return engine


@pytest.fixture
async def engine(running_engine: Engine) -> AsyncIterator[Engine]:
    """The test runs twice: on SQLite with Valkey and on MariaDB with Redis. Its database is open."""
    async with running_engine.opened():
        yield running_engine


@pytest.fixture
async def embedded(embedded_engine: Engine) -> AsyncIterator[Engine]:
    """SQLite with Valkey, its database open: for HTTP tests and what does not differ by engine."""
    async with embedded_engine.opened():
        yield embedded_engine


@pytest.fixture
async def installed(installed_engine: Engine) -> AsyncIterator[Engine]:
    """MariaDB with Redis, its database open: for what concerns only a server with many connections."""
    async with installed_engine.opened():
        yield installed_engine


@pytest.fixture
def database(embedded: Engine) -> Engine:
    """Records are needed, on any engine."""
    return embedded


@pytest.fixture
def redis_prefix() -> str:
    """A name space in Redis that no other test uses."""
    return f"t{uuid4().hex[:16]}"


@pytest.fixture
async def redis_client(request: pytest.FixtureRequest) -> AsyncIterator[Redis]:
    """A client of the engine of this test (of the embedded one if it has none)."""
    of = "running_engine" if "running_engine" in request.fixturenames else "embedded_engine"
    engine: Engine = request.getfixturevalue(of)
    client = Redis(connection_pool=BlockingConnectionPool.from_url(engine.redis.url, max_connections=64, timeout=5))
    yield client
    await client.aclose()
    await client.connection_pool.disconnect()


@pytest.fixture
def own_redis(running_engine: Engine, tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the engine's kind for this test alone, to be flushed, frozen, killed and started again."""
    yield from _own(type(running_engine.redis)(tmp_path))


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[ValkeyServer]:
    yield from _own(ValkeyServer(tmp_path))


@pytest.fixture
def own_mariadb(scratch: Path) -> Iterator[MariaDB]:
    """A durable MariaDB for this test alone, to be killed and started again."""
    folder = scratch / uuid4().hex[:8]
    folder.mkdir()
    yield from _own(MariaDB(folder, durable=True))


def _own(server: S) -> Iterator[S]:
    server.start()
    yield server
    server.kill()
