"""Row 12: a worker dies between COMMIT and its answer. The booking stands, the same key gives it."""

from tests.faults.rig import Rig


async def test_the_booking_stands_and_the_key_gives_it(rig: Rig) -> None:
    async with rig.serve("booking.committed=kill") as dying, rig.serve() as other:
        order = await rig.order(2)
        silent, _ = await order.book(dying.url, rig.slot)

        found = await order.look_up(other.url)
        status, booking = await order.book(other.url, rig.slot)

        assert (silent, status) == (0, 201)
        assert found == [booking["id"]]
        await rig.check_after_a_hold(other.url)
