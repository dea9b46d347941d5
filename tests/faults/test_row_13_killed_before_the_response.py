"""Row 13: a worker dies with its answer made and not sent. The same key gives the same booking and body."""

from tests.faults.rig import Rig


async def test_the_retry_gives_the_same_booking_and_body(rig: Rig) -> None:
    async with rig.serve("door.answering=kill") as dying, rig.serve() as other:
        order = await rig.order(2)
        silent, _ = await order.book(dying.url, rig.slot)

        _, first = await order.book(other.url, rig.slot)
        _, second = await order.book(other.url, rig.slot)

        assert silent == 0
        assert first == second
        await rig.check_after_a_hold(other.url)
