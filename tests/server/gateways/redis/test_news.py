"""What one process changes, the others hear of: the grid is looked at again, an ended session is not believed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date

import pytest

from server.accounts.sessions import VIEW_SECONDS
from server.appointments.slots import Held, Slot
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.news import DESKS, SESSIONS, hearing
from server.gateways.redis.sessions import NEAR_SECONDS, RedisSessionViews
from server.gateways.redis.slots import RedisSlots
from tests.engines.servers import RedisServer
from tests.server.gateways.redis.conftest import Clock
from tests.server.gateways.redis.test_sessions import TAG, TOKEN, view_of

TEN = Slot("main", date(2026, 11, 24), "10:00")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what happens in another process rings no bell here
            await asyncio.sleep(0.001)


class Neighbour:
    """Another process on the same Redis: what it heard, and how often it may have missed something."""

    def __init__(self, door: RedisDoor, clock: Clock) -> None:
        self.views = RedisSessionViews(door, clock=clock)
        self.desks: list[str] = []
        self.deaf = 0

    def missed(self) -> None:
        self.deaf += 1
        self.views.forget()


@pytest.fixture
async def neighbour(own_server: RedisServer, redis_prefix: str, clock: Clock) -> AsyncIterator[Neighbour]:
    async with RedisDoor(own_server.url, prefix=redis_prefix) as door:
        neighbour = Neighbour(door, clock)
        ears = {DESKS: neighbour.desks.append, SESSIONS: neighbour.views.hear}
        async with hearing(door, ears, neighbour.missed):
            await until(lambda: neighbour.deaf > 0)  # it listens since then
            yield neighbour


async def test_a_taken_place_is_news_and_a_refusal_is_none(own_door: RedisDoor, neighbour: Neighbour) -> None:
    slots = RedisSlots(own_door)
    await slots.fill(TEN, 1, [])

    assert await slots.take(TEN, "a", 1) == Held((1,))
    await slots.take(TEN, "b", 1)
    await slots.release(TEN, "a")

    await until(lambda: len(neighbour.desks) > 1)
    assert neighbour.desks == ["main", "main"]


async def test_a_process_hears_its_own_changes_at_once(own_door: RedisDoor) -> None:
    changed: list[str] = []
    slots = RedisSlots(own_door, changed=changed.append)
    await slots.fill(TEN, 1, [])

    await slots.take(TEN, "a", 1)
    await slots.take(TEN, "b", 1)
    await slots.drop(TEN)

    assert changed == ["main", "main"]


async def test_a_session_known_by_heart_ends_when_another_process_ends_it(
    own_door: RedisDoor, neighbour: Neighbour
) -> None:
    await neighbour.views.put(TAG, TOKEN, view_of(3), 60)
    assert neighbour.views.remembered(TAG, TOKEN) is not None

    await RedisSessionViews(own_door).raise_epoch(TAG, 4)

    await until(lambda: neighbour.views.remembered(TAG, TOKEN) is None)


def test_no_ended_session_is_believed_for_over_a_minute() -> None:
    """However late it was read from Redis, and also when the news was lost (decisions D1)."""
    assert VIEW_SECONDS + NEAR_SECONDS <= 60


async def test_a_session_is_known_by_heart_for_seconds_only(neighbour: Neighbour, clock: Clock) -> None:
    await neighbour.views.put(TAG, TOKEN, view_of(3), 60)

    clock.time += NEAR_SECONDS

    assert neighbour.views.remembered(TAG, TOKEN) is None


async def test_an_older_view_read_before_the_news_is_not_believed_after_it(door: RedisDoor) -> None:
    views = RedisSessionViews(door)
    await views.raise_epoch(TAG, 4)

    await views.put(TAG, TOKEN, view_of(3), 60)

    assert views.remembered(TAG, TOKEN) is None


async def test_after_an_outage_everything_is_forgotten_and_news_are_heard_again(
    own_server: RedisServer, own_door: RedisDoor, clock: Clock, neighbour: Neighbour
) -> None:
    own_server.kill()
    own_server.start()
    await until(lambda: neighbour.deaf > 2)  # first heard, cut off, heard again
    assert neighbour.views.remembered(TAG, TOKEN) is None

    await RedisSlots(own_door).fill(TEN, 1, [])
    await RedisSlots(own_door).take(TEN, "a", 1)

    await until(lambda: bool(neighbour.desks))


@pytest.mark.parametrize("passes", range(20))
async def test_listening_ends_at_whatever_moment_it_is_told_to(own_door: RedisDoor, passes: int) -> None:
    """In some moments of connecting and subscribing redis-py keeps a cancellation to itself."""
    async with asyncio.timeout(20), hearing(own_door, {DESKS: [].append}, lambda: None):
        for _ in range(passes):
            await asyncio.sleep(0)
