"""What is to be done a moment later, by a few hands: a hundred thousand receipts are a queue, not as many tasks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

HANDS = 64


class Couriers(Generic[T]):
    """`deliver` is called for each thing, in order of their due times as long as these do not go back."""

    def __init__(self, deliver: Callable[[T], Awaitable[object]]) -> None:
        self._deliver = deliver
        self._queue: asyncio.Queue[tuple[float, T]] = asyncio.Queue()
        self._hands: set[asyncio.Task[None]] = set()

    def later(self, seconds: float, thing: T) -> None:
        self._queue.put_nowait((asyncio.get_running_loop().time() + seconds, thing))
        if len(self._hands) < HANDS:
            self._hands.add(asyncio.create_task(self._carry()))

    async def settle(self) -> None:
        """Wait until nothing is on its way."""
        await self._queue.join()

    async def stop(self) -> None:
        """What has not been delivered is dropped."""
        for hand in self._hands:
            hand.cancel()
        await asyncio.gather(*self._hands, return_exceptions=True)
        self._hands.clear()
        self._queue = asyncio.Queue()

    async def _carry(self) -> None:
        while True:
            due, thing = await self._queue.get()
            try:
                await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
                await self._deliver(thing)
            finally:
                self._queue.task_done()
