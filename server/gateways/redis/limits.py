"""Sliding-window limits counted in Redis, and per process while Redis is down (decisions D1)."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from server.gateways.redis.client import RedisDoor, RedisDown, script_text
from server.together import Together

_MOST_KEYS = 20_000


class _Rule(NamedTuple):
    """Questions alike but for their keys go out as one."""

    kind: str
    limit: int
    seconds: int
    counts: bool


class LocalLimiter:
    """A Limiter in this process's memory; the keys used longest ago are forgotten beyond `most_keys`."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most_keys: int = _MOST_KEYS) -> None:
        self._clock = clock
        self._most_keys = most_keys
        self._logs: OrderedDict[str, deque[float]] = OrderedDict()

    async def hit(self, key: str, *, limit: int, seconds: int, alone: int = 0) -> int:
        return self.count(key, limit, seconds)

    async def peek(self, key: str, *, limit: int, seconds: int) -> int:
        return self._wait(key, limit, seconds)

    async def forgive(self, key: str) -> None:
        self._logs.pop(key, None)

    def count(self, key: str, limit: int, seconds: int) -> int:
        """`hit` without waiting."""
        if wait := self._wait(key, limit, seconds):
            return wait
        if (times := self._logs.get(key)) is None:
            times = self._logs[key] = deque(maxlen=limit)
        times.append(self._clock())
        self._logs.move_to_end(key)
        if len(self._logs) > self._most_keys:
            self._logs.popitem(last=False)
        return 0

    def _wait(self, key: str, limit: int, seconds: int) -> int:
        times = self._logs.get(key)
        return max(0, math.ceil(times[0] + seconds - self._clock())) if times and len(times) >= limit else 0


class _Lots:
    """Events that this process may count without asking: one lot after a whole window of rest, and each lot given."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left: OrderedDict[str, tuple[int, float]] = OrderedDict()  # events, and when the key will have rested

    def spend(self, key: str, size: int, seconds: int) -> bool:
        """Count one event, if any is left."""
        now = self._clock()
        left, rested = self._left.pop(key, (size, now))
        left = size if now >= rested else left
        self._left[key] = (left - 1, now + seconds) if left else (0, rested)
        if len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        return left > 0

    def give(self, key: str, events: int, seconds: int) -> None:
        left, _ = self._left.pop(key, (0, 0.0))
        self._left[key] = (left + events, self._clock() + seconds)

    def forgive(self, key: str) -> None:
        self._left.pop(key, None)


class RedisLimiter:
    """A Limiter that all processes share; each counts for itself while Redis is down."""

    def __init__(
        self,
        door: RedisDoor,
        *,
        fallback: LocalLimiter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._door = door
        self._local, self._lots = fallback or LocalLimiter(), _Lots(clock)
        self._script = door.client.register_script(script_text("clock", "hit"))
        self._asked: dict[_Rule, Together[str, int]] = {}

    async def hit(self, key: str, *, limit: int, seconds: int, alone: int = 0) -> int:
        if not alone:
            return await self._count(key, limit, seconds)
        if self._lots.spend(key, alone, seconds):
            return 0
        wait = await self._count(key, limit // alone - 1, seconds)  # one lot more; the first one was free
        if not wait:
            self._lots.give(key, alone - 1, seconds)
            return 0
        # Others of this moment may have got a lot meanwhile.
        return 0 if self._lots.spend(key, alone, seconds) else wait

    async def _count(self, key: str, limit: int, seconds: int) -> int:
        try:
            return await self._ask(key, limit, seconds, counts=True)
        except RedisDown:
            return self._local.count(key, limit, seconds)

    async def peek(self, key: str, *, limit: int, seconds: int) -> int:
        try:
            return await self._ask(key, limit, seconds, counts=False)
        except RedisDown:
            return await self._local.peek(key, limit=limit, seconds=seconds)

    async def forgive(self, key: str) -> None:
        """In every memory: Redis may have come back since the events were counted here."""
        await self._local.forgive(key)
        self._lots.forgive(key)
        try:
            await self._door.call(lambda redis: redis.delete(self._name(key)))
        except RedisDown:
            return

    async def _ask(self, key: str, limit: int, seconds: int, *, counts: bool) -> int:
        rule = _Rule(_kind_of(key), limit, seconds, counts)
        asked = self._asked.get(rule) or self._asked.setdefault(rule, Together(partial(self._ask_all, rule)))
        return math.ceil(await asked(key) / 1000)

    async def _ask_all(self, rule: _Rule, keys: Sequence[str]) -> list[int]:
        names, arguments = [self._name(key) for key in keys], [rule.limit, rule.seconds * 1000, int(rule.counts)]
        return await self._door.call(lambda redis: self._script(names, arguments, client=redis))

    def _name(self, key: str) -> str:
        kind, _, rest = key.partition(":")
        return self._door.key("limit", rest, tag=kind)


def _kind_of(key: str) -> str:
    """What is limited: the first word of a key. All keys of one kind live together, for one script to count them."""
    return key.partition(":")[0]
