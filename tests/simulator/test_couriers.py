"""Things that are due a moment later: all of them are delivered, by a few hands."""

import asyncio

from tests.simulator.couriers import HANDS, Couriers


async def test_everything_is_delivered_in_order() -> None:
    delivered: list[int] = []

    async def deliver(number: int) -> None:
        delivered.append(number)

    couriers = Couriers(deliver)
    for number in range(1000):
        couriers.later(0, number)
    await couriers.settle()
    await couriers.stop()

    assert delivered == list(range(1000))


async def test_ever_so_many_things_are_no_more_tasks_than_there_are_hands() -> None:
    opened, all_busy, carried = asyncio.Event(), asyncio.Event(), 0

    async def deliver(_: int) -> None:
        nonlocal carried
        carried += 1
        if carried == HANDS:
            all_busy.set()
        await opened.wait()

    before = len(asyncio.all_tasks())
    couriers = Couriers(deliver)
    for number in range(10_000):
        couriers.later(0, number)
    await all_busy.wait()
    during = len(asyncio.all_tasks()) - before
    opened.set()
    await couriers.settle()
    await couriers.stop()

    assert during == HANDS
    assert carried == 10_000


async def test_after_a_stop_it_starts_again() -> None:
    delivered: list[str] = []

    async def deliver(name: str) -> None:
        delivered.append(name)

    couriers = Couriers(deliver)
    couriers.later(600, "never")
    await couriers.stop()
    couriers.later(0, "now")
    await couriers.settle()
    await couriers.stop()

    assert delivered == ["now"]
