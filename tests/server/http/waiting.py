"""Waiting for what can be seen, with an end."""

import asyncio
import time
from collections.abc import Awaitable, Callable

_PATIENCE = 20.0


async def until(holds: Callable[[], Awaitable[bool]], what: str, seconds: float = _PATIENCE) -> None:
    """Return once `holds()` is true; `what` says in the failure what never came."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, f"{seconds} s passed without {what}"
        await asyncio.sleep(0.01)
