"""Tasks that have to end."""

import asyncio
from collections.abc import Iterable
from typing import Any

_AGAIN = 1.0  # seconds to clean up in, before it is asked once more


async def ended(tasks: Iterable[asyncio.Task[Any]], within: float | None = 0) -> None:
    """Give the tasks so many seconds to end by themselves (None: as long as they take), then cancel what is left until
    it is gone.

    Cancelling once is not enough: Python 3.11's asyncio.wait_for, which every command of redis-py goes through, keeps a
    cancellation to itself when it comes just as the command was sent.
    """
    left = set(tasks)
    if left:
        _, left = await asyncio.wait(left, timeout=within)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN)
