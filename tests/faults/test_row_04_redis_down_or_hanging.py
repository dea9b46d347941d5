"""Row 4: Redis is down or answers nothing. The table decides alone, and nobody waits for Redis."""

from tests.faults.parties import book_all_at_once
from tests.faults.rig import Rig


async def test_redis_down_sells_every_place_once(rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other:
        rig.redis.kill()

        statuses = await book_all_at_once(await rig.orders(20), [one.url, other.url], rig.slot)

        assert sorted(statuses) == [201] * 12 + [409] * 8
        await rig.check()


async def test_redis_hanging_sells_every_place_once(rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other:
        rig.redis_proxy.hang()

        statuses = await book_all_at_once(await rig.orders(20), [one.url, other.url], rig.slot)

        assert sorted(statuses) == [201] * 12 + [409] * 8
        await rig.check()


async def test_redis_back_again_is_used_again(rig: Rig) -> None:
    async with rig.serve() as site:
        rig.redis.kill()
        first, _ = await (await rig.order()).book(site.url, rig.slot)
        rig.redis.start()

        await rig.check_after_a_hold(site.url)

        assert first == 201
