"""Row 14: one key sent to two workers at once. One booking, both are told of it."""

import asyncio

from tests.faults.rig import Rig


async def test_one_booking_for_both(rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other:
        orders = await rig.orders(6, people=2)

        answers = await asyncio.gather(*(o.book(url, rig.slot) for o in orders for url in (one.url, other.url)))

        assert {status for status, _ in answers} == {201}
        assert len({booking["id"] for _, booking in answers}) == 6
        await rig.check_after_a_hold(one.url)


async def test_twins_for_the_last_place_hear_the_same(rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other:
        for order in await rig.orders(11):
            await order.book(one.url, rig.slot)
        orders = await rig.orders(4)

        answers = await asyncio.gather(*(o.book(url, rig.slot) for o in orders for url in (one.url, other.url)))

        assert sorted(status for status, _ in answers) == [201] * 2 + [409] * 6
        await rig.check()
