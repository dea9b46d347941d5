"""Private servers of both kinds, the bundled Valkey and Debian's Redis, and doors to them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.gateways.redis.client import RedisDoor
from tests.engines.servers import RedisServer, ValkeyServer

KINDS = [ValkeyServer, RedisServer]


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session", params=KINDS, ids=["valkey", "redis"])
def shared_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Never flushed nor stopped: every test has its own prefix."""
    server: RedisServer = request.param(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=KINDS, ids=["valkey", "redis"])
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    """For one test, to be flushed, frozen and killed."""
    server: RedisServer = request.param(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def door(shared_server: RedisServer, redis_prefix: str, clock: Clock) -> AsyncIterator[RedisDoor]:
    async with RedisDoor(shared_server.url, prefix=redis_prefix, clock=clock) as door:
        yield door


@pytest.fixture
async def own_door(own_server: RedisServer, redis_prefix: str, clock: Clock) -> AsyncIterator[RedisDoor]:
    """`clock` moves its circuit."""
    async with RedisDoor(own_server.url, prefix=redis_prefix, clock=clock) as door:
        yield door


@pytest.fixture
async def silent_url() -> AsyncIterator[str]:
    """A server that accepts every connection and never answers."""

    async def read_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()

    server = await asyncio.start_server(read_on, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield f"redis://{host}:{port}"
    server.close()
    await server.wait_closed()
