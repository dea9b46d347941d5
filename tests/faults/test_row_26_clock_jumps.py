"""Row 26: one machine's clock is ten minutes ahead. Holds live by Redis's time: nothing is freed early."""

import asyncio

from tests.faults.parties import book_all_at_once
from tests.faults.rig import Rig
from tests.server.http.waiting import until


async def test_a_hold_is_not_lapsed_for_the_clock_ahead(rig: Rig) -> None:
    async with rig.serve("booking.taken=sleep:2") as slow, rig.serve(clock_offset_seconds="600") as ahead:
        first = await rig.order(5)
        waiting = asyncio.create_task(first.book(slow.url, rig.slot))
        await until(lambda: _is_held(rig, 5), "the hold")

        statuses = await book_all_at_once(await rig.orders(12), [ahead.url], rig.slot)
        status, _ = await waiting

        assert (status, statuses.count(201)) == (201, 7)
        await rig.check_after_a_hold(slow.url)


async def _is_held(rig: Rig, places: int) -> bool:
    return (await rig.world.gate.count([rig.slot]))[0] == 12 - places
