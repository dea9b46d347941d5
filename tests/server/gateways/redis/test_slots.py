"""The slot gate on real servers: races, lost memory, lost scripts, and a Redis that is gone."""

import asyncio
from collections import Counter
from datetime import date

import pytest

from server.appointments.slots import (
    CLOSED,
    DAY_MS,
    DOUBT,
    FULL,
    HOLD_MS,
    SHUT,
    UNKNOWN,
    VIEW_MS,
    GateDown,
    Held,
    Mine,
    Slot,
)
from server.gateways.redis.client import SKIP_SECONDS, RedisDoor
from server.gateways.redis.slots import RedisSlots
from tests.engines.proxy import proxy_to
from tests.engines.servers import RedisServer
from tests.server.gateways.redis.conftest import Clock

TEN = Slot("main", date(2026, 11, 25), "10:00")
HALF_PAST = Slot("main", date(2026, 11, 25), "10:30")
FULL_HOUSE = [(place, f"row{place}") for place in range(1, 13)]


@pytest.fixture
def slots(door: RedisDoor) -> RedisSlots:
    return RedisSlots(door)


@pytest.fixture
def own_slots(own_door: RedisDoor) -> RedisSlots:
    return RedisSlots(own_door)


async def forget_youth(door: RedisDoor, slots: RedisSlots, slot: Slot) -> None:
    """As one hold time after the slot was first seen."""
    await door.call(lambda redis: redis.hset(slots.slot_key(slot), "young", "0"))


async def test_nothing_is_known_of_a_slot_that_was_not_read(slots: RedisSlots) -> None:
    assert await slots.take(TEN, "a", 1) is UNKNOWN
    assert await slots.count([TEN]) == [None]


async def test_places_are_held_once_and_are_mine_when_asked_again(slots: RedisSlots) -> None:
    await slots.fill(TEN, 12, [(1, "x"), (3, "y")])

    assert await slots.take(TEN, "a", 2) == Held((4, 5))
    assert await slots.take(TEN, "a", 2) == Mine((4, 5))
    assert await slots.take(TEN, "b", 1) == Held((2,))
    assert await slots.count([TEN]) == [7]


async def test_thirty_two_takers_of_twelve_places(door: RedisDoor, slots: RedisSlots) -> None:
    await slots.fill(TEN, 12, [])
    await forget_youth(door, slots, TEN)

    answers = await asyncio.gather(*(slots.take(TEN, f"t{n}", 1) for n in range(32)))

    places = [answer.places[0] for answer in answers if isinstance(answer, Held)]
    assert sorted(places) == list(range(1, 13))
    assert answers.count(FULL) == 20


async def test_groups_get_all_of_their_places_or_none(door: RedisDoor, slots: RedisSlots) -> None:
    await slots.fill(TEN, 12, [])
    await forget_youth(door, slots, TEN)

    answers = await asyncio.gather(*(slots.take(TEN, f"t{n}", 1 + n % 3) for n in range(32)))

    held = [(answer.places, 1 + n % 3) for n, answer in enumerate(answers) if isinstance(answer, Held)]
    assert all(len(places) == people for places, people in held)
    assert Counter(place for places, _ in held for place in places) == Counter(range(1, 13))


async def test_full_is_proof_only_when_the_view_is_old_enough(door: RedisDoor, slots: RedisSlots) -> None:
    await slots.fill(TEN, 12, FULL_HOUSE)
    assert await slots.take(TEN, "a", 1) is DOUBT

    await forget_youth(door, slots, TEN)
    assert await slots.take(TEN, "a", 1) is FULL


async def test_a_refusal_sticks_to_its_key_and_to_no_other(door: RedisDoor, slots: RedisSlots) -> None:
    await slots.fill(TEN, 12, FULL_HOUSE)
    await forget_youth(door, slots, TEN)
    assert await slots.take(TEN, "a", 1) is FULL

    await slots.release(TEN, "row5", places=[5])

    assert await slots.take(TEN, "a", 1) is FULL
    assert await slots.take(TEN, "b", 1) == Held((5,))


async def test_a_token_that_was_given_a_hold_is_never_refused_without_the_table(
    door: RedisDoor, slots: RedisSlots
) -> None:
    await slots.fill(TEN, 1, [])
    await forget_youth(door, slots, TEN)
    await slots.take(TEN, "a", 1)
    await slots.release(TEN, "a")
    await slots.take(TEN, "b", 1)

    assert await slots.take(TEN, "a", 1) is DOUBT
    assert await slots.take(TEN, "c", 1) is FULL


async def test_a_closed_day_has_no_place_and_is_known(door: RedisDoor, slots: RedisSlots) -> None:
    await slots.fill(TEN, 0, [])
    await forget_youth(door, slots, TEN)

    assert await slots.count([TEN]) == [CLOSED]
    assert await slots.take(TEN, "a", 1) is SHUT


async def test_releasing_gives_back_holds_and_rows_only_by_name(slots: RedisSlots) -> None:
    await slots.fill(TEN, 12, [(1, "a"), (2, "a"), (3, "b")])
    await slots.take(TEN, "a", 3)
    assert await slots.count([TEN]) == [6]

    await slots.release(TEN, "a")
    assert await slots.count([TEN]) == [9]

    await slots.release(TEN, "a", places=[2, 3])
    assert await slots.count([TEN]) == [10]


async def test_a_view_found_stale_or_dropped_is_read_again_and_holds_stay(slots: RedisSlots) -> None:
    await slots.fill(TEN, 12, [])
    await slots.take(TEN, "a", 2)

    await slots.release(TEN, "b", stale=True)
    assert await slots.take(TEN, "c", 1) is UNKNOWN
    await slots.fill(TEN, 12, [(5, "d")])
    assert await slots.count([TEN]) == [9]

    await slots.drop(TEN)
    assert await slots.count([TEN]) == [None]


async def test_a_week_is_counted_in_one_question(slots: RedisSlots) -> None:
    week = [Slot("main", date(2026, 11, day), start) for day in range(23, 30) for start in ("09:30", "10:00")]
    for slot in week[:-1]:
        await slots.fill(slot, 12, FULL_HOUSE[: slot.on.day - 20])

    expected = [12 - (slot.on.day - 20) for slot in week[:-1]]
    assert await slots.count(week) == [*expected, None]


async def test_a_view_lives_longer_than_its_day_and_holds_a_time(door: RedisDoor, slots: RedisSlots) -> None:
    await slots.fill(TEN, 12, [])
    await slots.take(TEN, "a", 1)

    view = await door.call(lambda redis: redis.hgetall(slots.slot_key(TEN)))
    kept = await door.call(lambda redis: redis.pttl(slots.slot_key(TEN)))
    told = await door.call(lambda redis: redis.pttl(slots.told_key("main", "a")))

    assert 8 * DAY_MS < kept <= 9 * DAY_MS
    assert DAY_MS - 60_000 < told <= DAY_MS
    assert 0 <= int(view[b"1"].split()[0]) - int(view[b"fresh"]) - (HOLD_MS - VIEW_MS) < 60_000


async def test_every_key_of_a_desk_carries_its_tag(door: RedisDoor, slots: RedisSlots, redis_prefix: str) -> None:
    await slots.fill(TEN, 12, [])
    await slots.take(TEN, "a", 1)

    names = await door.call(lambda redis: redis.keys(f"{redis_prefix}:*"))

    assert {name.decode() for name in names if isinstance(name, bytes)} == {
        f"{redis_prefix}:slot:{{main}}:2026-11-25:10:00",
        f"{redis_prefix}:told:{{main}}:a",
    }


async def test_scripts_that_the_server_forgot_are_loaded_again(own_slots: RedisSlots, own_door: RedisDoor) -> None:
    await own_slots.fill(TEN, 12, [])
    await own_door.call(lambda redis: redis.script_flush())

    assert await own_slots.take(TEN, "a", 1) == Held((1,))
    await own_door.call(lambda redis: redis.script_flush())
    assert await own_slots.count([TEN, HALF_PAST]) == [11, None]
    assert not own_slots.is_suspect()


async def test_a_flushed_memory_is_unknown_and_then_young(own_slots: RedisSlots, own_door: RedisDoor) -> None:
    await own_slots.fill(TEN, 12, FULL_HOUSE)
    await forget_youth(own_door, own_slots, TEN)
    assert await own_slots.take(TEN, "a", 1) is FULL

    await own_door.call(lambda redis: redis.flushall())

    assert await own_slots.take(TEN, "a", 1) is UNKNOWN
    await own_slots.fill(TEN, 12, FULL_HOUSE)
    assert await own_slots.take(TEN, "a", 1) is DOUBT


async def test_flushed_in_the_middle_of_a_rush(own_slots: RedisSlots, own_door: RedisDoor) -> None:
    await own_slots.fill(TEN, 12, [])

    async def rush(number: int) -> object:
        if number == 16:
            await own_door.call(lambda redis: redis.flushall())
        return await own_slots.take(TEN, f"t{number}", 1)

    answers = await asyncio.gather(*map(rush, range(64)))

    assert UNKNOWN in answers
    assert FULL not in answers


async def test_without_redis_the_gate_is_down_and_comes_back_by_itself(
    own_server: RedisServer, own_slots: RedisSlots, clock: Clock
) -> None:
    await own_slots.fill(TEN, 12, [])
    own_server.kill()

    for question in (own_slots.take(TEN, "a", 1), own_slots.count([TEN]), own_slots.drop(TEN)):
        with pytest.raises(GateDown):
            await question
    for order in (own_slots.fill(TEN, 12, []), own_slots.release(TEN, "a")):
        with pytest.raises(GateDown):
            await order

    own_server.start()
    clock.time += SKIP_SECONDS
    assert await own_slots.take(TEN, "a", 1) is UNKNOWN


async def test_full_is_suspect_for_one_hold_time_after_an_error(
    own_server: RedisServer, own_slots: RedisSlots, clock: Clock
) -> None:
    assert not own_slots.is_suspect()
    own_server.kill()
    with pytest.raises(GateDown):
        await own_slots.count([TEN])

    clock.time += HOLD_MS / 1000 - 1
    assert own_slots.is_suspect()
    clock.time += 2
    assert not own_slots.is_suspect()


async def test_a_redis_that_hangs_is_as_good_as_none(silent_url: str) -> None:
    async with RedisDoor(silent_url, prefix="t") as door:
        answers = await asyncio.gather(
            *(RedisSlots(door).take(TEN, f"t{n}", 1) for n in range(40)), return_exceptions=True
        )

    assert {type(answer) for answer in answers} == {GateDown}


async def test_a_reply_that_was_lost_is_asked_for_again(own_server: RedisServer, redis_prefix: str) -> None:
    async with proxy_to(own_server.port) as proxy:
        clock = Clock()
        async with RedisDoor(f"redis://127.0.0.1:{proxy.port}", prefix=redis_prefix, clock=clock) as door:
            slots = RedisSlots(door)
            await slots.fill(TEN, 12, [])
            await slots.take(TEN, "warm", 1)
            proxy.drop_next_reply()
            with pytest.raises(GateDown):
                await slots.take(TEN, "a", 3)

            clock.time += SKIP_SECONDS
            assert await slots.take(TEN, "a", 3) == Mine((2, 3, 4))
