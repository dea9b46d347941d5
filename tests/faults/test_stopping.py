"""The supervisor told to stop under load: no acknowledged booking is lost, and everything is gone in time (D32)."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.ledger import Ledger
from tests.faults.parties import Order, logged_in
from tests.faults.rig import Rig
from tests.server.http.waiting import until
from tests.soak.town import Town, running_town

GONE_BY = 15.0  # seconds after TERM


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with running_town(tmp_path) as town:
        yield town


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_what_was_acknowledged_stands(number: signal.Signals, town: Town) -> None:
    ledger = Ledger()
    orders = [await _order(town, ledger) for _ in range(60)]
    rush = asyncio.create_task(_book_all(town, orders))
    await until(lambda: _is_acknowledged(ledger), "the first acknowledged booking")

    town.process.send_signal(number)
    await asyncio.to_thread(town.process.wait, GONE_BY)
    await rush

    assert town.process.returncode == 0
    assert any(told.booked for told in ledger.told)
    assert await ledger.violations(town.slots()) == []


async def test_whoever_is_being_served_is_given_ten_seconds(rig: Rig) -> None:
    """D32: a request that takes longer than most is answered before the process goes."""
    order = await rig.order()
    async with rig.serve("door.answering=sleep:4") as slow:
        booking = asyncio.create_task(order.book(slow.url, rig.slot))
        await until(lambda: rig.has_reached("door.answering"), "an answer that is made and not sent")
        rig.tell_to_stop(slow)
        status, _ = await booking
        await until(lambda: rig.is_gone(slow), "the process gone, though its client keeps the connection", 5)

    assert status == 201
    await rig.check()


async def _order(town: Town, ledger: Ledger) -> Order:
    return await (await logged_in(await town.world.firm(), ledger, town.http)).order()


async def _book_all(town: Town, orders: list[Order]) -> None:
    slots = town.slots()
    await asyncio.gather(*(order.book(town.url, slots[n % len(slots)]) for n, order in enumerate(orders)))


async def _is_acknowledged(ledger: Ledger) -> bool:
    return any(told.booked for told in ledger.told)
