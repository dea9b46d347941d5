"""An office on each engine, and a desk of one's own for stories that lead to a visit."""

from collections.abc import AsyncIterator, Iterator

import pytest

from server import clock
from server.businesses import catalogue, edition_of, use_catalogue
from server.businesses.editions import store_editions
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.slots import RedisSlots
from tests.engines.engine import Engine
from tests.server.applications.office import Applicant, Office
from tests.world import World, own_desk


@pytest.fixture
def office(engine: Engine) -> Office:
    return Office()


@pytest.fixture
async def firm(office: Office) -> Applicant:
    return await office.firm()


@pytest.fixture
def clock_put_back() -> Iterator[None]:
    yield
    clock.set_offset(0)


@pytest.fixture
async def visits(engine: Engine, redis_prefix: str) -> AsyncIterator[World]:
    """A desk with a gate; the editions that name it are stored, so that what was decided under them stays readable."""
    with own_desk() as desk:
        editions = {key: edition_of(business) for key, business in catalogue().businesses.items()}
        with use_catalogue(catalogue().model_copy(update={"editions": editions})) as whole:
            await store_editions(whole)
            async with RedisDoor(engine.redis.url, prefix=redis_prefix) as door:
                yield World(desk, RedisSlots(door))
