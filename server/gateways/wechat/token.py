"""The access token: one for all processes, fetched by one of them, replaced once when WeChat calls it bad."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from server.gateways.wechat.errors import CallFailed

_POLLS = 20  # while another process fetches: 20 x 0.05 s, then we fetch ourselves
_POLL_SECONDS = 0.05
_RESERVED_SECONDS = 3
_SAME_TOKEN_PAUSE = 10.0  # WeChat may hand out the very token it refused: asking on would be a storm


@dataclass(frozen=True)
class FreshToken:
    value: str
    seconds: float  # for how long it may still be used


class TokenShelf(Protocol):
    """Where the processes of one app share its token. Never raises: a shelf out of reach is an empty one."""

    async def get(self) -> FreshToken | None: ...

    async def put(self, token: FreshToken) -> None: ...

    async def drop_if(self, value: str) -> None:
        """Compare-and-swap: remove the token only while it is still `value`."""
        ...

    async def reserve(self, seconds: int) -> bool:
        """A courtesy: False asks the caller to wait a moment for another's fetch."""
        ...


@dataclass(frozen=True)
class Token:
    """A token as handed to a caller; `serial` tells renewals apart even when the value is the same."""

    value: str
    serial: int
    until: float


class AccessToken:
    """`fetch` asks WeChat and may raise CallFailed; `now` counts seconds and never goes back."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[FreshToken]],
        shelf: TokenShelf,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._shelf = shelf
        self._now = now
        self._lock = asyncio.Lock()
        self._held = Token("", 0, until=now() - 1)
        self._failures = 0
        self._failure: CallFailed | None = None
        self._no_renewal_before = now() - 1

    async def current(self) -> Token:
        """The token in use. Raises CallFailed when there is none and WeChat gives none."""
        if self._now() < self._held.until:
            return self._held
        return await self._renewed(self._held.serial)

    async def replace(self, bad: Token) -> Token:
        """The token after `bad`, which WeChat refused. Of all callers with the same `bad` one fetches."""
        if self._held.serial > bad.serial or self._now() < self._no_renewal_before:
            return self._held
        await self._shelf.drop_if(bad.value)
        return await self._renewed(bad.serial, refused=bad.value)

    async def _renewed(self, seen: int, *, refused: str = "") -> Token:
        failures = self._failures
        async with self._lock:
            if self._held.serial > seen:
                return self._held
            if self._failure and self._failures > failures:  # whoever held the lock asked for all who waited
                raise self._failure.with_traceback(None)
            try:
                found = await self._from_shelf_or_wechat()
            except CallFailed as failure:
                self._failures, self._failure = self._failures + 1, failure
                raise
            return self._hold(found, refused)

    async def _from_shelf_or_wechat(self) -> FreshToken:
        found = await self._shelf.get()
        if found is None and not await self._shelf.reserve(_RESERVED_SECONDS):
            found = await self._from_neighbour()
        return found or await self._from_wechat()

    async def _from_neighbour(self) -> FreshToken | None:
        for _ in range(_POLLS):
            await asyncio.sleep(_POLL_SECONDS)
            if found := await self._shelf.get():
                return found
        return None

    async def _from_wechat(self) -> FreshToken:
        answer = await self._fetch()
        # WeChat renews five minutes early and honours the old one meanwhile, so four minutes of margin meet the
        # new token; a tenth keeps a short-lived answer usable instead of being fetched for every call.
        usable = FreshToken(answer.value, answer.seconds - min(240.0, answer.seconds / 10))
        await self._shelf.put(usable)
        return usable

    def _hold(self, found: FreshToken, refused: str) -> Token:
        if found.value == refused:
            self._no_renewal_before = self._now() + _SAME_TOKEN_PAUSE
        self._held = Token(found.value, self._held.serial + 1, self._now() + found.seconds)
        return self._held
