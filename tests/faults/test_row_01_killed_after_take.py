"""Row 1: a worker dies between taking places and its transaction. The hold lapses, no booking stands."""

from models.appointments import Visit
from tests.faults.rig import Rig
from tests.server.http.waiting import until


async def test_the_hold_lapses_and_no_booking_stands(rig: Rig) -> None:
    async with rig.serve("booking.taken=kill") as dying, rig.serve() as other:
        order = await rig.order(2)

        status, _ = await order.book(dying.url, rig.slot)

        await until(lambda: rig.has_died(dying), "the death of the process")
        assert (status, await Visit.all().count()) == (0, 0)
        await rig.check_after_a_hold(other.url)


async def test_the_same_key_gets_its_places_at_once(rig: Rig) -> None:
    async with rig.serve("booking.taken=kill") as dying, rig.serve() as other:
        order = await rig.order(2)
        await order.book(dying.url, rig.slot)

        status, booking = await order.book(other.url, rig.slot)

        assert (status, booking["window"]) == (201, {"from": "10:00", "to": "10:10"})
        await rig.check()
