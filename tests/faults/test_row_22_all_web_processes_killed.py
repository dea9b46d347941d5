"""Row 22: every web process is killed. The supervisor makes the service whole; the port never hangs."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.http.waiting import until
from tests.soak.town import Town, running_town

WHOLE_AGAIN = 30.0  # seconds at the very most: ten on a machine that does nothing else (reliability §1, row 22)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with running_town(tmp_path) as town:
        yield town


def kill_all(town: Town, module: str) -> set[int]:
    pids = set(town.children(module))
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return pids


@pytest.mark.parametrize("module", ["server.run.web", "server.run.worker"])
async def test_the_service_is_whole_again(module: str, town: Town) -> None:
    dead = kill_all(town, module)

    await until(lambda: _is_restored(town, module, dead), "a service that is whole again", WHOLE_AGAIN)


async def test_a_request_meanwhile_waits_and_is_answered(town: Town) -> None:
    kill_all(town, "server.run.web")

    async with town.http.get(f"{town.url}/healthz/live") as answer:
        assert answer.status == 200


async def _is_restored(town: Town, module: str, dead: set[int]) -> bool:
    living = set(town.children(module)) - dead
    return len(living) == len(dead) and await town.is_whole()
