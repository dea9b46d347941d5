"""Whoever waits for the end of a task gets it, however the task takes being cancelled."""

import asyncio

import pytest

from server.ending import ended


class Task:
    """Runs for ever; hears being cancelled only after it turned a deaf ear `deaf` times."""

    def __init__(self, deaf: int = 0) -> None:
        self.asked = 0
        self._deaf = deaf

    async def run(self) -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.asked += 1
                if self.asked > self._deaf:
                    raise


async def test_nothing_to_end_is_ended() -> None:
    await ended([])


@pytest.mark.parametrize("within", [20, None])
async def test_what_ends_in_time_is_not_cancelled(within: float | None) -> None:
    gate = asyncio.Event()
    task = asyncio.create_task(gate.wait())
    asyncio.get_running_loop().call_soon(gate.set)

    await ended([task], within)

    assert task.result() is True


async def test_what_is_late_is_cancelled_and_the_others_are_not() -> None:
    late, soon = Task(), asyncio.create_task(asyncio.sleep(0, "done"))
    tasks = [asyncio.create_task(late.run()), soon]

    await ended(tasks, 0.01)

    assert (late.asked, tasks[0].cancelled(), soon.result()) == (1, True, "done")


async def test_who_swallows_a_cancellation_is_cancelled_again() -> None:
    deaf = Task(deaf=1)
    task = asyncio.create_task(deaf.run())
    await asyncio.sleep(0)  # it has begun

    await ended([task])

    assert (deaf.asked, task.cancelled()) == (2, True)
