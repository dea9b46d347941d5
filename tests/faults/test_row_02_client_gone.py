"""Row 2: the client hangs up while its booking is under way. The work goes on; the same key gives its result."""

import asyncio

import aiohttp

from tests.faults.rig import Rig
from tests.server.http.waiting import until


async def test_the_booking_is_completed_and_the_key_gives_it(rig: Rig) -> None:
    async with rig.serve("booking.taken=sleep:0.5") as site:
        order = await rig.order(2)
        await _hang_up_in_the_middle(order.book(site.url, rig.slot))

        await until(lambda: _stands(order.look_up(site.url)), "the booking of a client that went away")
        status, booking = await order.book(site.url, rig.slot)

        assert (status, booking["people"]) == (201, 2)
        await rig.check_after_a_hold(site.url)


async def _hang_up_in_the_middle(request: object) -> None:
    task = asyncio.ensure_future(request)  # type: ignore[arg-type]
    done, _ = await asyncio.wait([task], timeout=0.2)
    assert not done
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _stands(found: object) -> bool:
    try:
        return bool(await found)  # type: ignore[misc]
    except aiohttp.ClientError:
        return False
