"""Each guard switched off at the point that needs it: the invariant it keeps must break, or the test above is blind."""

import asyncio

from redis.asyncio import Redis

from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.appointments.hold import load
from server.appointments.places import read_slot
from server.appointments.slots import HOLD_MS, VIEW_MS
from server.gateways.redis.slots import RedisSlots
from server.transactions import connection
from tests.faults.ledger import CAPACITY
from tests.faults.parties import book_all_at_once
from tests.faults.rig import Rig
from tests.server.http.waiting import until


async def test_without_the_unique_place_an_old_view_oversells(rig: Rig) -> None:
    async with rig.serve() as site, rig.door() as door:
        await _drop_key("visit", "place_no")
        capacity, rows = await read_slot(rig.slot)
        await book_all_at_once(await rig.orders(12), [site.url], rig.slot)
        await door.client.flushall()
        await RedisSlots(door).fill(rig.slot, capacity, rows)

        await book_all_at_once(await rig.orders(2), [site.url], rig.slot)

        assert await _broken(rig) == {"I1"}


async def test_without_the_request_key_a_twin_hears_another_answer(rig: Rig) -> None:
    async with rig.serve("booking.taken=sleep:2") as slow, rig.serve() as quick:
        await _drop_key("request_key", "key")
        order = await rig.order(2)
        waiting = asyncio.create_task(order.book(slow.url, rig.slot))
        await until(lambda: rig.has_reached("booking.taken"), "the slower twin's hold")

        await order.book(quick.url, rig.slot)
        await waiting

        assert await _broken(rig) == {"I3"}


async def test_without_its_hold_a_late_worker_finds_its_places_gone(rig: Rig) -> None:
    """The hold keeps places for the transaction that is under way; without it they are sold meanwhile."""
    async with rig.serve("booking.taken=sleep:2") as slow, rig.serve() as quick, rig.door() as door:
        waiting = asyncio.create_task((await rig.order(3)).book(slow.url, rig.slot))
        await until(lambda: rig.has_reached("booking.taken"), "the hold")
        await door.client.flushall()

        sold = await book_all_at_once(await rig.orders(CAPACITY), [quick.url], rig.slot)
        status, _ = await waiting

        assert (sold.count(201), status) == (CAPACITY, 409)


async def test_without_the_told_key_a_committed_booking_is_refused(rig: Rig) -> None:
    """A view that hides a committed booking says FULL; only `told` turns that into a doubt."""
    assert await _answer_to_a_hidden_booking(rig, forget_told=False) == 201
    assert await _broken(rig) == set()


async def test_with_the_told_key_forgotten_it_is(rig: Rig) -> None:
    assert await _answer_to_a_hidden_booking(rig, forget_told=True) == 409
    assert await _broken(rig) == {"I3"}


async def test_a_young_view_is_no_proof_when_the_told_key_is_gone(rig: Rig) -> None:
    """A flush loses both; the view that is born after it is not believed for one hold time."""
    assert await _answer_to_a_hidden_booking(rig, forget_told=True, is_young=True) == 201
    assert await _broken(rig) == set()


async def test_without_its_lease_a_message_is_handed_to_wechat_twice(rig: Rig) -> None:
    async with rig.serve() as site:
        client = await rig.client()
        openid = await rig.phone_of(client)
        await (await client.order()).book(site.url, rig.slot)
        await Delivery.filter(channel=Channel.SMS).delete()
    counted = rig.site.simulator.platform.counters

    async with rig.work("delivery.leased=sleep:4"):
        await until(lambda: rig.has_reached("delivery.leased"), "the first worker's lease")
        await Delivery.all().update(state=DeliveryState.PENDING, next_at=clock.now(), first_attempt_at=None)
        async with rig.work():
            await until(lambda: _accepted(rig, 2), "both calls")

    assert (counted["template/send accepted"], rig.shown_on(openid)) == (2, 1)  # its id saves the person from it


async def _accepted(rig: Rig, times: int) -> bool:
    return rig.site.simulator.platform.counters["template/send accepted"] >= times


async def _answer_to_a_hidden_booking(rig: Rig, *, forget_told: bool, is_young: bool = False) -> int:
    """The retry of a booking whose answer was lost, before a view in which others have its place."""
    async with rig.serve("booking.committed=kill") as dying, rig.serve() as other, rig.door() as door:
        await load(rig.slot, RedisSlots(door))
        order = await rig.order()
        await order.book(dying.url, rig.slot)
        async with Redis.from_url(rig.redis.url, decode_responses=True) as redis:
            await _show_full_of_strangers(redis, rig, is_young=is_young)
            if forget_told:
                await redis.delete(*[key async for key in redis.scan_iter("*told*")])
        status, _ = await order.book(other.url, rig.slot)
        return status


async def _show_full_of_strangers(redis: "Redis", rig: Rig, *, is_young: bool) -> None:
    """A believed view that knows nothing of the booking; unless it is young, its FULL is proof."""
    [key] = [key async for key in redis.scan_iter(f"*slot*{rig.slot.on}*{rig.slot.start}*")]
    now = int((await redis.time())[0]) * 1000
    strangers = {str(place): f"0 {'0' * 31}{place:x}" for place in range(1, CAPACITY + 1)}
    young = now + HOLD_MS if is_young else 0
    await redis.hset(key, mapping={"fresh": now + VIEW_MS, "young": young} | strangers)


async def _drop_key(table: str, column: str) -> None:
    """Drop the unique key that ends in this column."""
    rows = await connection().execute_query_dict(
        "SELECT index_name AS name FROM information_schema.statistics WHERE table_schema = DATABASE() "
        "AND table_name = %s AND column_name = %s AND non_unique = 0 AND seq_in_index > 1",
        [table, column],
    )
    await connection().execute_script(f"ALTER TABLE `{table}` DROP INDEX `{rows[0]['name']}`")


async def _broken(rig: Rig) -> set[str]:
    """The invariants that do not hold."""
    return {fault.partition(" ")[0] for fault in await rig.ledger.violations([rig.slot])}
