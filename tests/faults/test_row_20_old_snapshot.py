"""Row 20: a view is loaded from a snapshot that a commit has overtaken. The newer state wins: the table."""

from server.appointments.places import read_slot
from server.gateways.redis.slots import RedisSlots
from tests.faults.parties import book_all_at_once
from tests.faults.rig import Rig


async def test_a_view_without_the_newest_booking_oversells_nothing(rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other, rig.door() as door:
        capacity, rows = await read_slot(rig.slot)
        await book_all_at_once(await rig.orders(12), [one.url, other.url], rig.slot)
        await door.client.flushall()
        await RedisSlots(door).fill(rig.slot, capacity, rows)

        statuses = await book_all_at_once(await rig.orders(6), [one.url, other.url], rig.slot)

        assert set(statuses) <= {409, 503}
        await rig.check_after_a_hold(one.url)


async def test_a_view_that_shows_a_cancelled_booking_heals(rig: Rig) -> None:
    async with rig.serve() as site, rig.door() as door:
        orders = await rig.orders(12)
        await book_all_at_once(orders, [site.url], rig.slot)
        capacity, rows = await read_slot(rig.slot)
        await orders[0].cancel(site.url)
        await RedisSlots(door).fill(rig.slot, capacity, rows)

        await rig.check_after_a_hold(site.url)
