"""Questions that many requests ask at the same moment, put as one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

MOST = 64  # questions in one call
_PASSES = 2  # of the event loop, for whoever is on the way: microseconds when there is nothing else to do


class Together(Generic[Q, A]):
    """Asks as soon as nothing is under way; whoever comes meanwhile shares the next call. The more there is to do, the
    longer a pass of the event loop takes, and the more questions share a call.

    `ask` gets the questions in the order in which they came and returns as many answers in that order. What it
    raises, all of its questions raise. It never runs in a transaction of whoever asked.
    """

    def __init__(self, ask: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._asking: asyncio.Task[None] | None = None

    def __call__(self, question: Q) -> asyncio.Future[A]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, answer))
        if self._asking is None:
            self._asking = loop.create_task(self._run(), context=Context())
        return answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                for _ in range(_PASSES):
                    await asyncio.sleep(0)
                asked, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._answer(asked)
        finally:
            self._asking = None

    async def _answer(self, asked: list[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._ask([question for question, _ in asked])
        except Exception as error:  # noqa: BLE001 - not swallowed: handed to everyone who asked
            for _, waiting in asked:
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for (_, waiting), answer in zip(asked, answers, strict=True):
            if not waiting.done():
                waiting.set_result(answer)
