"""Row 9: a worker dies in its transaction. It is rolled back; the hold lapses."""

from models.appointments import RequestKey, Visit
from tests.faults.rig import Rig
from tests.server.http.waiting import until


async def test_nothing_of_it_stands(rig: Rig) -> None:
    async with rig.serve("booking.committing=kill") as dying, rig.serve() as other:
        order = await rig.order(2)

        await order.book(dying.url, rig.slot)

        await until(lambda: rig.has_died(dying), "the death of the process")
        await until(_rolled_back, "the end of its transaction")
        status, _ = await order.book(other.url, rig.slot)
        assert status == 201
        await rig.check_after_a_hold(other.url)


async def _rolled_back() -> bool:
    return await Visit.all().count() == await RequestKey.all().count() == 0
