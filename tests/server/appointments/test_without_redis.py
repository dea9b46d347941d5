"""Redis flushed, stopped and back: slower, never wrong."""

from asyncio import gather

import pytest
from redis.asyncio import Redis

from models.appointments import Appointment
from server.appointments.refusals import SlotFull
from tests.engines.servers import RedisServer
from tests.world import World


async def test_a_flush_in_the_middle_of_a_rush_oversells_nothing(fragile_world: World, own_redis: RedisServer) -> None:
    world, redis = fragile_world, Redis.from_url(own_redis.url)
    firms = await world.firms(24)
    wanted = [(firm, await firm.approved()) for firm in firms]

    async def flush() -> None:
        for _ in range(5):
            await gather(*(firm.book(ids=ids) for firm, ids in wanted[:2]), return_exceptions=True)
            await redis.flushall()

    outcomes = await gather(flush(), *(firm.book(ids=ids) for firm, ids in wanted[2:]), return_exceptions=True)

    await redis.aclose()
    assert {type(o) for o in outcomes[1:]} <= {Appointment, SlotFull}
    late = await world.firm()
    for _ in range(await world.free()):
        await late.book()
    assert await world.taken() == list(range(1, 13))


async def test_with_redis_stopped_booking_goes_on(fragile_world: World, own_redis: RedisServer) -> None:
    world = fragile_world
    firms = await world.firms(16)
    wanted = [(firm, await firm.approved()) for firm in firms]
    own_redis.kill()

    outcomes = await gather(*(firm.book(ids=ids) for firm, ids in wanted), return_exceptions=True)

    assert sorted(type(o).__name__ for o in outcomes) == ["Appointment"] * 12 + ["SlotFull"] * 4
    assert await world.taken() == list(range(1, 13))


async def test_when_redis_comes_back_the_gate_is_used_again(fragile_world: World, own_redis: RedisServer) -> None:
    world = fragile_world
    firm = await world.firm()
    own_redis.kill()
    first = await firm.book(people=2)
    own_redis.start()

    second = await firm.book(people=2)

    assert [first.window_from, second.window_from] == ["10:00", "10:10"]


async def test_a_key_booked_with_redis_is_known_without_it(fragile_world: World, own_redis: RedisServer) -> None:
    world = fragile_world
    firm = await world.firm()
    ids = await firm.approved()
    booked = await firm.book(ids=ids, key="kept")
    own_redis.kill()

    again = await firm.book(ids=ids, key="kept")

    assert again.id == booked.id
    assert await world.taken() == [1]


async def test_a_full_slot_is_full_without_redis(fragile_world: World, own_redis: RedisServer) -> None:
    world = fragile_world
    firm, other = await world.firm(), await world.firm()
    await other.book(people=12)
    own_redis.kill()

    with pytest.raises(SlotFull):
        await firm.book()
