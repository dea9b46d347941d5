"""Row 3: the script ran, its reply is lost. The token makes the repetition find its own places: reserved once."""

from models.appointments import Visit
from tests.faults.rig import Rig


async def test_places_are_taken_once(rig: Rig) -> None:
    async with rig.serve() as site:
        await rig.warm(site.url)
        order = await rig.order(3)
        rig.redis_proxy.drop_reply_to(order.told.token.encode())

        status, _ = await order.book(site.url, rig.slot)

        await rig.redis_proxy.dropped()
        assert (status, await Visit.filter(place_no__isnull=False).count()) == (201, 3)
        await rig.check_after_a_hold(site.url)
