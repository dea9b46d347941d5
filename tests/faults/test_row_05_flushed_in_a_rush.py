"""Row 5: FLUSHALL while everybody books. Nothing is oversold, nobody hears a false "full" beyond the reload."""

import asyncio

from redis.asyncio import Redis

from tests.faults.parties import book_all_at_once
from tests.faults.rig import Rig


async def test_a_flush_oversells_nothing(rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other, Redis.from_url(rig.redis.url) as redis:
        await rig.warm(one.url)
        rush = asyncio.create_task(book_all_at_once(await rig.orders(60), [one.url, other.url], rig.slot))
        while not rush.done():
            await redis.flushall()

        statuses = await rush

        assert statuses.count(201) == 12
        assert set(statuses) <= {201, 409, 503}
        await rig.check_after_a_hold(one.url)


async def test_a_booked_key_is_never_refused_after_a_flush(rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other, Redis.from_url(rig.redis.url) as redis:
        orders = await rig.orders(12)
        await book_all_at_once(orders, [one.url, other.url], rig.slot)
        await redis.flushall()

        again = await book_all_at_once(orders, [other.url, one.url], rig.slot)

        assert again == [201] * 12
        await rig.check()
