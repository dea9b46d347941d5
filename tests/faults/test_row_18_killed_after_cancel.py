"""Row 18: a worker dies between a committed cancellation and telling Redis. The places are free within one view."""

from redis.asyncio import Redis

from tests.faults.parties import book_all_at_once
from tests.faults.rig import Rig
from tests.server.http.waiting import until


async def test_the_places_are_offered_again(rig: Rig) -> None:
    async with (
        rig.serve("cancel.committed=kill") as dying,
        rig.serve() as other,
        Redis.from_url(rig.redis.url) as redis,
    ):
        orders = await rig.orders(12)
        await book_all_at_once(orders, [other.url], rig.slot)
        await redis.flushall()  # as if booked long ago: no hold is left of it
        await rig.warm(other.url)

        silent = await orders[0].cancel(dying.url)

        assert silent == 0
        await until(lambda: _can_be_booked(rig, other.url), "a free place", 10)
        await rig.check_after_a_hold(other.url)


async def _can_be_booked(rig: Rig, url: str) -> bool:
    status, _ = await (await rig.order()).book(url, rig.slot)
    return status == 201
