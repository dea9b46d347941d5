"""Row 7: SCRIPT FLUSH. The scripts are loaded again by themselves."""

from redis.asyncio import Redis

from tests.faults.parties import book_all_at_once
from tests.faults.rig import Rig


async def test_bookings_go_on(rig: Rig) -> None:
    async with rig.serve() as site, Redis.from_url(rig.redis.url) as redis:
        await rig.warm(site.url)
        await redis.script_flush()

        statuses = await book_all_at_once(await rig.orders(14), [site.url], rig.slot)

        assert sorted(statuses) == [201] * 12 + [409] * 2
        await rig.check_after_a_hold(site.url)
