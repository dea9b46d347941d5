"""The embedded service under load: one web process, all of them, the worker and Valkey die in turn. Nothing hangs."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.engines.family import command_of
from tests.server.http.waiting import until
from tests.server.run.test_service import Operator

WHOLE_AGAIN = 30.0  # seconds at the very most: ten on a machine that does nothing else (reliability §1, row 22)
LOAD = 8


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(tmp_path / "var")
    yield operator
    operator.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WHOLE_AGAIN)) as session:
        yield session


async def test_each_may_die_while_everybody_asks(operator: Operator, http: aiohttp.ClientSession) -> None:
    await asyncio.to_thread(operator.start)
    ending, told = asyncio.Event(), Counter[str]()
    asking = [asyncio.create_task(_keep_asking(http, operator.address, ending, told)) for _ in range(LOAD)]

    for victim, most in (("server.run.web", 1), ("server.run.web", 9), ("server.run.worker", 1), ("valkey-server", 1)):
        dead = _kill(operator, victim, most)
        await until(lambda dead=dead, v=victim: _restored(http, operator, v, dead), f"{victim} back", WHOLE_AGAIN)  # type: ignore[misc]
    ending.set()
    await asyncio.gather(*asking)

    assert told["200"] > 100
    assert set(told) <= {"200", "503", "cut"}
    assert told["cut"] <= 3 * LOAD  # what a killed process had in its hands, and no more


def _kill(operator: Operator, module: str, most: int) -> dict[int, str]:
    found = {
        pid: command for pid, command in operator.family().items() if module in command and "tether" not in command
    }
    victims = dict(list(found.items())[:most])
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    return victims


async def _restored(http: aiohttp.ClientSession, operator: Operator, module: str, dead: dict[int, str]) -> bool:
    living = {pid for pid, command in operator.family().items() if module in command} - set(dead)
    if len(living) < len(dead) or any(command_of(pid) for pid in dead):
        return False
    try:
        async with http.get(f"{operator.address}/healthz/ready") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _keep_asking(http: aiohttp.ClientSession, address: str, ending: asyncio.Event, told: Counter[str]) -> None:
    """One client after the other; a request that hangs ends in a TimeoutError, which no set allows."""
    while not ending.is_set():
        try:
            async with http.get(f"{address}/healthz/live") as answer:
                told[str(answer.status)] += 1
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            told["cut"] += 1
