"""Row 6: Redis is killed in a rush and comes back empty. Nothing is oversold; Redis counts as the table again."""

import asyncio

from tests.faults.parties import book_all_at_once
from tests.faults.rig import Rig


async def test_a_redis_that_lost_everything_oversells_nothing(rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other:
        await rig.warm(one.url)
        first, second = await rig.orders(30), await rig.orders(30)
        rush = asyncio.create_task(book_all_at_once(first, [one.url, other.url], rig.slot))
        rig.redis.kill()
        rig.redis.start()

        statuses = await rush + await book_all_at_once(second, [one.url, other.url], rig.slot)

        assert statuses.count(201) == 12
        await rig.check_after_a_hold(one.url)
