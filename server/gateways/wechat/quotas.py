"""How fast each of WeChat's interfaces may be called, and none at all after it said that its quota is used up."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from server import clock
from server.gateways.wechat.errors import QUOTA, WXA_CODE, ApiError, NotSent, seconds_to_wait

TEXT_CHECK = "wxa/msg_sec_check"
_A_MINUTE = {WXA_CODE: 5000, TEXT_CHECK: 4000}  # WeChat's own limits
_PATIENCE = 3.0  # seconds: a person waits


class TokenBucket:
    """`rate` calls a second, and up to a second's worth of them at once; `now` counts seconds and never goes back."""

    def __init__(self, rate: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate
        self._saved = max(1.0, self._interval)  # seconds of unused calls that are kept
        self._now = now
        self._next = now() - self._saved

    def reserve(self, patience: float = float("inf")) -> float | None:
        """Seconds until this call's turn, which is now taken; None, and nothing taken, when it is further away."""
        now = self._now()
        turn = max(self._next, now - self._saved) + self._interval
        if turn - now > patience:
            return None
        self._next = turn
        return max(0.0, turn - now)

    async def turn(self) -> None:
        """Wait for it, however long it takes."""
        if wait := self.reserve():
            await asyncio.sleep(wait)


class Quotas:
    """Of one app in one process; `now` is the time of day, by which WeChat resets what is used up."""

    def __init__(self, *, now: Callable[[], datetime] = clock.now) -> None:
        self._buckets = {endpoint: TokenBucket(calls / 60) for endpoint, calls in _A_MINUTE.items()}
        self._closed: dict[str, datetime] = {}
        self._now = now

    async def turn(self, endpoint: str) -> None:
        """Wait for this call's turn. Raises NotSent when that is too long for somebody who waits, and ApiError
        without asking WeChat while the quota is used up."""
        if (closed_until := self._closed.get(endpoint)) and self._now() < closed_until:
            raise ApiError(QUOTA, "used up; not asked again", endpoint)
        if bucket := self._buckets.get(endpoint):
            wait = bucket.reserve(_PATIENCE)
            if wait is None:
                raise NotSent("too many calls a minute")
            await asyncio.sleep(wait)

    def learn(self, error: ApiError) -> None:
        """An interface that says its quota is used up is left alone until the quota comes back."""
        if error.code == QUOTA:
            wait = seconds_to_wait(error, self._now())
            self._closed[error.endpoint] = self._now() + timedelta(seconds=wait)
