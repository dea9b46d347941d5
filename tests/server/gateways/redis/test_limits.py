"""Sliding-window limits: shared through Redis, per process without it, alike in both."""

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.limits import Limiter
from server.gateways.redis import limits
from server.gateways.redis.client import SKIP_SECONDS, RedisDoor, script_text
from server.gateways.redis.limits import LocalLimiter, RedisLimiter
from tests.engines.servers import RedisServer
from tests.server.gateways.redis.conftest import Clock


@pytest.fixture(params=["shared", "local"])
def limiter(request: pytest.FixtureRequest, door: RedisDoor, clock: Clock) -> Limiter:
    return RedisLimiter(door) if request.param == "shared" else LocalLimiter(clock=clock)


async def test_so_many_and_no_more(limiter: Limiter) -> None:
    waits = [await limiter.hit("k", limit=3, seconds=900) for _ in range(5)]

    assert waits[:3] == [0, 0, 0]
    assert all(890 <= wait <= 900 for wait in waits[3:])


async def test_keys_are_counted_apart(limiter: Limiter) -> None:
    assert await limiter.hit("k", limit=1, seconds=60) == 0
    assert await limiter.hit("l", limit=1, seconds=60) == 0
    assert await limiter.hit("k", limit=1, seconds=60) > 0


async def test_looking_counts_nothing(limiter: Limiter) -> None:
    assert [await limiter.peek("k", limit=1, seconds=60) for _ in range(3)] == [0, 0, 0]

    await limiter.hit("k", limit=1, seconds=60)

    assert 50 <= await limiter.peek("k", limit=1, seconds=60) <= 60


async def test_a_success_is_forgiven(limiter: Limiter) -> None:
    await limiter.hit("k", limit=1, seconds=60)

    await limiter.forgive("k")

    assert await limiter.hit("k", limit=1, seconds=60) == 0


async def test_a_crowd_at_once_is_counted_exactly(limiter: Limiter) -> None:
    waits = await asyncio.gather(*(limiter.hit("k", limit=10, seconds=60) for _ in range(200)))

    assert waits.count(0) == 10


@given(pauses=st.lists(st.integers(0, 40), max_size=60))
async def test_never_more_than_the_limit_in_any_window(pauses: list[int]) -> None:
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    counted: list[float] = []

    for pause in pauses:
        clock.time += pause
        wait = await limiter.hit("k", limit=3, seconds=60)
        if wait == 0:
            counted.append(clock.time)
        within = [time for time in counted if clock.time - 60 < time]
        assert len(within) <= 3
        assert wait == 0 or clock.time + wait == within[0] + 60


async def test_the_script_slides_as_the_local_one(door: RedisDoor, redis_prefix: str) -> None:
    """The same events at the same times, once told to Lua with a clock that stands where we put it."""
    clock = Clock()
    local = LocalLimiter(clock=clock)
    script = door.client.register_script("local now = tonumber(ARGV[4])\n" + script_text("hit"))
    pauses = [0, 1, 2, 30, 0, 26, 1, 1, 60, 0, 0, 0, 59, 1, 200, 0]

    for pause in pauses:
        clock.time += pause
        # Ten thousand days from now: the server's own clock must not expire the key.
        arguments = [3, 60_000, 1, 4_102_444_800_000 + int(clock.time) * 1000]
        [wait] = await door.call(partial(script, [f"{redis_prefix}:k"], arguments))
        assert wait == 1000 * await local.hit("k", limit=3, seconds=60)


async def test_the_local_memory_is_bounded(clock: Clock) -> None:
    limiter = LocalLimiter(clock=clock, most_keys=2)
    for key in ("a", "b", "c"):
        await limiter.hit(key, limit=1, seconds=60)

    assert await limiter.peek("a", limit=1, seconds=60) == 0
    assert await limiter.peek("c", limit=1, seconds=60) == 60


async def test_without_redis_each_process_counts_for_itself(
    own_server: RedisServer, own_door: RedisDoor, clock: Clock
) -> None:
    limiter = RedisLimiter(own_door)
    own_server.kill()
    waits = [await limiter.hit("k", limit=2, seconds=60) for _ in range(3)]
    assert waits[:2] == [0, 0]
    assert waits[2] > 0
    assert await limiter.peek("k", limit=2, seconds=60) > 0

    await limiter.forgive("k")
    assert await limiter.hit("k", limit=2, seconds=60) == 0

    own_server.start()
    clock.time += SKIP_SECONDS
    shared = [await limiter.hit("k", limit=2, seconds=60) for _ in range(3)]
    assert shared[:2] == [0, 0]
    assert shared[2] > 0


async def test_a_flush_forgets_the_events(own_door: RedisDoor) -> None:
    limiter = RedisLimiter(own_door)
    await limiter.hit("k", limit=1, seconds=60)

    await own_door.call(lambda redis: redis.flushall())

    assert await limiter.hit("k", limit=1, seconds=60) == 0


async def test_the_shared_log_is_no_longer_than_the_limit(door: RedisDoor, redis_prefix: str) -> None:
    """The events of a window that has gone by are not kept beside those of the next one."""
    script = door.client.register_script("local now = tonumber(ARGV[4])\n" + script_text("hit"))
    for time in range(20):
        arguments = [3, 1000, 1, 4_102_444_800_000 + time * 500]
        await door.call(partial(script, [f"{redis_prefix}:k"], arguments))

    assert await door.call(lambda redis: redis.llen(f"{redis_prefix}:k")) == 3


async def test_many_keys_of_one_moment_are_counted_each_for_itself(door: RedisDoor) -> None:
    limiter = RedisLimiter(door)

    first = await asyncio.gather(*(limiter.hit(f"k:{n % 5}", limit=2, seconds=60) for n in range(10)))
    again = await asyncio.gather(*(limiter.hit(f"k:{n}", limit=2, seconds=60) for n in range(6)))

    assert first == [0] * 10
    assert [wait > 0 for wait in again] == [True] * 5 + [False]


async def test_scripts_forgotten_by_redis_are_loaded_again(own_door: RedisDoor) -> None:
    limiter = RedisLimiter(own_door)
    await limiter.hit("k", limit=2, seconds=60)

    await own_door.client.script_flush()

    assert await limiter.hit("k", limit=2, seconds=60) == 0
    assert await limiter.hit("k", limit=2, seconds=60) > 0


async def test_what_a_process_may_count_alone_is_part_of_its_limit(door: RedisDoor) -> None:
    limiter = RedisLimiter(door)

    waits = [await limiter.hit("k", limit=6, seconds=60, alone=2) for _ in range(7)]

    assert [wait > 0 for wait in waits] == [False] * 6 + [True]


async def test_each_further_process_adds_what_it_may_count_alone(door: RedisDoor) -> None:
    one, other = RedisLimiter(door), RedisLimiter(door)

    waits = [await limiter.hit("k", limit=6, seconds=60, alone=2) for _ in range(10) for limiter in (one, other)]

    assert waits.count(0) == 8
    assert await door.client.llen(door.key("limit", "", tag="k")) == 2  # lots of two, and two in each process


async def test_a_process_asks_for_several_at_a_time(door: RedisDoor) -> None:
    limiter = RedisLimiter(door)
    asked = []

    for _ in range(9):
        await limiter.hit("k", limit=30, seconds=60, alone=3)
        asked.append(await door.client.llen(door.key("limit", "", tag="k")))

    assert asked == [0, 0, 0, 1, 1, 1, 2, 2, 2]


async def test_all_that_is_allowed_may_come_at_once(door: RedisDoor) -> None:
    """A firm with forty CPAs books for many of them in the same second."""
    limiter = RedisLimiter(door)

    waits = await asyncio.gather(*(limiter.hit("k", limit=30, seconds=60, alone=5) for _ in range(40)))

    assert waits.count(0) == 30


async def test_a_forgiven_key_begins_anew_in_every_memory(door: RedisDoor) -> None:
    limiter = RedisLimiter(door)
    for _ in range(7):
        await limiter.hit("k", limit=6, seconds=60, alone=2)

    await limiter.forgive("k")

    waits = [await limiter.hit("k", limit=6, seconds=60, alone=2) for _ in range(7)]
    assert waits.count(0) == 6


@given(pauses=st.lists(st.integers(0, 40), max_size=60))
async def test_lots_never_add_up_to_more_than_the_limit(pauses: list[int]) -> None:
    """Without Redis, on whose clock no test could wait for a window to pass; lots are taken from either count alike."""
    clock = Clock()
    counted: list[float] = []
    async with RedisDoor("unix:///nowhere/valkey.sock", prefix="p") as nowhere:
        limiter = RedisLimiter(nowhere, fallback=LocalLimiter(clock=clock), clock=clock)
        for pause in pauses:
            clock.time += pause
            if await limiter.hit("k", limit=6, seconds=60, alone=2) == 0:
                counted.append(clock.time)
            assert len([time for time in counted if clock.time - 60 < time]) <= 6


async def test_a_lot_is_forgotten_before_memory_runs_out(door: RedisDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_KEYS", 2)
    limiter = RedisLimiter(door)

    for key in ("a", "a", "b", "c", "a", "a"):
        await limiter.hit(key, limit=6, seconds=60, alone=2)

    assert await door.client.llen(door.key("limit", "", tag="a")) == 0  # began anew
