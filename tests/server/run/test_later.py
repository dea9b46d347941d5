"""Gateways that are opened when first asked for: once, for whoever asks meanwhile, and closed with the process."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType

import pytest

from server.run.later import Later, opened_later

MODULE = "wsgiref.headers"  # of the standard library, and of no use to anybody here


class Gateway:
    """What is opened: it notes when, and by which module."""

    def __init__(self) -> None:
        self.story: list[str] = []

    @asynccontextmanager
    async def opened(self, module: ModuleType) -> AsyncIterator[str]:
        self.story.append(f"opened {module.__name__}")
        try:
            yield "the gateway"
        finally:
            self.story.append("closed")


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


async def test_nothing_is_loaded_until_somebody_asks(monkeypatch: pytest.MonkeyPatch, gateway: Gateway) -> None:
    monkeypatch.delitem(sys.modules, MODULE, raising=False)

    async with opened_later(MODULE, gateway.opened) as later:
        before = MODULE in sys.modules
        found = await later()

    assert (before, MODULE in sys.modules, found) == (False, True, "the gateway")


async def test_what_nobody_asked_for_is_never_opened(gateway: Gateway) -> None:
    async with opened_later(MODULE, gateway.opened):
        pass

    assert gateway.story == []


async def test_two_who_ask_at_once_get_the_same_opened_once(gateway: Gateway) -> None:
    async with opened_later(MODULE, gateway.opened) as later:
        found = await asyncio.gather(later(), later())
        again = await later()

    assert {*found, again} == {"the gateway"}
    assert gateway.story == [f"opened {MODULE}", "closed"]


async def test_somebody_who_stops_waiting_takes_it_from_nobody() -> None:
    may_end = asyncio.Event()

    async def load() -> str:
        await may_end.wait()
        return "loaded"

    later = Later(load)
    impatient, patient = asyncio.create_task(later()), asyncio.create_task(later())
    await asyncio.sleep(0)
    impatient.cancel()
    may_end.set()

    assert await patient == "loaded"
    assert impatient.cancelled()


async def test_a_process_that_ends_while_it_loads_closes_what_was_opened(gateway: Gateway) -> None:
    async with opened_later(MODULE, gateway.opened) as later:
        waiting = asyncio.create_task(later())
        await asyncio.sleep(0)

    assert await waiting == "the gateway"
    assert gateway.story == [f"opened {MODULE}", "closed"]


async def test_what_cannot_be_loaded_is_told_to_everybody_who_asks(gateway: Gateway) -> None:
    async with opened_later("server.gateways.of_nobody", gateway.opened) as later:
        for _ in range(2):
            with pytest.raises(ModuleNotFoundError):
                await later()
