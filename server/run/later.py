"""Gateways whose libraries take longer to load than a process may take to answer: opened when first asked for."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import ModuleType
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """Called, it gives what `load` made: the first caller has it made, others wait for the same."""

    def __init__(self, load: Callable[[], Awaitable[T]]) -> None:
        self._load = load
        self._loading: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._load())
        return await asyncio.shield(self._loading)  # a caller who leaves takes it from nobody

    async def settled(self) -> None:
        """Nothing is in the making any more."""
        if self._loading is not None:
            await asyncio.wait([self._loading])


@asynccontextmanager
async def opened_later(
    module: str, opening: Callable[[Any], AbstractAsyncContextManager[T]]
) -> AsyncIterator[Later[T]]:
    """What `opening` opens once `module` is loaded, which happens in a thread: meanwhile others are served."""
    async with AsyncExitStack() as stack:

        async def load() -> T:
            loaded: ModuleType = await asyncio.to_thread(importlib.import_module, module)
            return await stack.enter_async_context(opening(loaded))

        later = Later(load)
        yield later
        await later.settled()
