"""A world at a desk of its own, behind the engine's real gate."""

from collections.abc import AsyncIterator

import pytest

from server.gateways.redis.client import RedisDoor
from server.gateways.redis.slots import RedisSlots
from tests.engines.engine import Engine
from tests.engines.servers import RedisServer
from tests.world import World, own_desk


@pytest.fixture
async def world(engine: Engine, redis_prefix: str) -> AsyncIterator[World]:
    with own_desk() as desk:
        async with RedisDoor(engine.redis.url, prefix=redis_prefix) as door:
            yield World(desk, RedisSlots(door))


@pytest.fixture
async def fragile_world(engine: Engine, own_redis: RedisServer, redis_prefix: str) -> AsyncIterator[World]:
    """The same, behind a Redis that the test may flush, stop and start."""
    with own_desk() as desk:
        async with RedisDoor(own_redis.url, prefix=redis_prefix) as door:
            yield World(desk, RedisSlots(door))
