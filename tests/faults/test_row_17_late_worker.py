"""Row 17: a worker sleeps past its hold and wakes in front of its transaction. The database arbitrates."""

import asyncio

from models.appointments import Visit
from tests.faults.ledger import CAPACITY
from tests.faults.rig import ONE_HOLD, Rig
from tests.server.http.site import Site
from tests.server.http.waiting import until


async def test_its_places_may_be_sold_meanwhile_and_nothing_is_oversold(rig: Rig) -> None:
    async with rig.serve("booking.taken=stop") as sleeper, rig.serve() as other:
        late = await rig.order(3)
        waiting = asyncio.create_task(late.book(sleeper.url, rig.slot))
        await until(lambda: _sold_out(rig, other), "the lapse of its hold", ONE_HOLD)

        rig.wake(sleeper)
        status, _ = await waiting

        assert status in (409, 503)
        await rig.check_after_a_hold(other.url)


async def _sold_out(rig: Rig, site: Site) -> bool:
    await (await rig.order()).book(site.url, rig.slot)
    return await Visit.filter(place_no__isnull=False).count() == CAPACITY
