"""Row 15: one key with another body is misuse. 422, and nothing changes."""

from models.appointments import Visit
from tests.faults.rig import Rig


async def test_it_is_refused_and_nothing_changes(rig: Rig) -> None:
    async with rig.serve() as site:
        order = await rig.order()
        _, booking = await order.book(site.url, rig.slot)
        before = await Visit.all().order_by("id").values()
        other = rig.world.slot(rig.world.other_day)

        status, answer = await order.book(site.url, other)

        assert (status, answer["code"]) == (422, "idempotency_key_reused")
        assert await Visit.all().order_by("id").values() == before
        assert await order.look_up(site.url) == [booking["id"]]
        await rig.check(rig.slot, other)
