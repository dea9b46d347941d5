"""Sliding-window limits counted in Redis, and per process while Redis is down (decisions D1)."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from server.gateways.redis.client import RedisDoor, RedisDown, script_text
from server.together import Together

_MOST_KEYS = 20_000

_Question = tuple[str, int, int, int]  # a log's key; limit, milliseconds, counts: as hit.lua takes them


class LocalLimiter:
    """A Limiter in this process's memory; the keys used longest ago are forgotten beyond `most_keys`."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most_keys: int = _MOST_KEYS) -> None:
        self._clock = clock
        self._most_keys = most_keys
        self._logs: OrderedDict[str, deque[float]] = OrderedDict()

    async def hit(self, key: str, *, limit: int, seconds: int, alone: int = 0) -> int:
        if wait := await self.peek(key, limit=limit, seconds=seconds):
            return wait
        times = self._logs.setdefault(key, deque(maxlen=limit))
        times.append(self._clock())
        self._logs.move_to_end(key)
        if len(self._logs) > self._most_keys:
            self._logs.popitem(last=False)
        return 0

    async def peek(self, key: str, *, limit: int, seconds: int) -> int:
        times = self._logs.get(key, deque())
        if len(times) < limit:
            return 0
        return max(0, math.ceil(times[0] + seconds - self._clock()))

    async def forgive(self, key: str) -> None:
        self._logs.pop(key, None)


class RedisLimiter:
    """A Limiter that all processes share; each counts for itself while Redis is down."""

    def __init__(self, door: RedisDoor, *, fallback: LocalLimiter | None = None) -> None:
        self._door = door
        self._local, self._alone = fallback or LocalLimiter(), LocalLimiter()
        self._script = door.client.register_script(script_text("clock", "hit"))
        self._asked: Together[_Question, int] = Together(self._ask_all)

    async def hit(self, key: str, *, limit: int, seconds: int, alone: int = 0) -> int:
        if alone and not await self._alone.hit(key, limit=alone, seconds=seconds):
            return 0
        try:
            return await self._ask(key, limit - alone, seconds, counts=True)
        except RedisDown:
            return await self._local.hit(key, limit=limit - alone, seconds=seconds)

    async def peek(self, key: str, *, limit: int, seconds: int) -> int:
        try:
            return await self._ask(key, limit, seconds, counts=False)
        except RedisDown:
            return await self._local.peek(key, limit=limit, seconds=seconds)

    async def forgive(self, key: str) -> None:
        """In every memory: Redis may have come back since the events were counted here."""
        await self._local.forgive(key)
        await self._alone.forgive(key)
        try:
            await self._door.call(lambda redis: redis.delete(self._name(key)))
        except RedisDown:
            return

    async def _ask(self, key: str, limit: int, seconds: int, *, counts: bool) -> int:
        wait_ms = await self._asked((self._name(key), limit, seconds * 1000, int(counts)))
        return math.ceil(wait_ms / 1000)

    async def _ask_all(self, questions: Sequence[_Question]) -> list[int]:
        return await self._door.call(lambda redis: self._run_all(redis, questions))

    async def _run_all(self, redis: Redis, questions: Sequence[_Question]) -> list[int]:
        """One round trip for keys that may live on different nodes."""
        try:
            return await self._pipe(redis, questions)
        except NoScriptError:  # then none of them ran
            await redis.script_load(self._script.script)
            return await self._pipe(redis, questions)

    async def _pipe(self, redis: Redis, questions: Sequence[_Question]) -> list[int]:
        async with redis.pipeline(transaction=False) as pipeline:
            for question in questions:  # by its name: a cluster's pipeline has the command, not the method
                pipeline.execute_command("EVALSHA", self._script.sha, 1, *question)
            return await pipeline.execute()

    def _name(self, key: str) -> str:
        return self._door.key("limit", key)
