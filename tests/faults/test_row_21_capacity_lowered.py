"""Row 21: staff lower a slot under live bookings. Refused, or only free places are closed."""

import asyncio

import pytest

from server.appointments.closing import set_capacity
from server.appointments.places import CLOSED_TOKEN, read_slot
from server.appointments.refusals import CapacityInUse
from tests.faults.parties import book_all_at_once
from tests.faults.rig import Rig


async def test_a_booked_place_is_not_closed(rig: Rig) -> None:
    async with rig.serve() as site:
        await book_all_at_once(await rig.orders(5), [site.url], rig.slot)

        with pytest.raises(CapacityInUse):
            await set_capacity(rig.slot, 4, await rig.world.clerk(), gate=rig.world.gate)

        await rig.check_after_a_hold(site.url)


async def test_closing_and_booking_at_once_never_share_a_place(rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other:
        clerk = await rig.world.clerk()
        rush = asyncio.create_task(book_all_at_once(await rig.orders(12), [one.url, other.url], rig.slot))
        closing = set_capacity(rig.slot, 6, clerk, gate=rig.world.gate)

        closed = not isinstance((await asyncio.gather(closing, return_exceptions=True))[0], CapacityInUse)
        statuses = await rush

        _, rows = await read_slot(rig.slot)
        assert len({place for place, _ in rows}) == len(rows)
        assert sum(token == CLOSED_TOKEN for _, token in rows) == (6 if closed else 0)
        assert statuses.count(201) == len(rows) - (6 if closed else 0)
        await rig.check()
