"""The one door of a process to Redis: its connections, its key names and its circuit."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Self, TypeVar

from redis import exceptions
from redis.asyncio import Redis

from server.gateways.redis.connect import FAULTS, connect, forget_nodes

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.2
SKIP_SECONDS = 1.0
CONNECTIONS = 16

# A timeout that fires this much late says that this process was busy, not that Redis was silent.
_LATE_SECONDS = 0.02

_LUA = Path(__file__).with_name("lua")

T = TypeVar("T")


class RedisDown(Exception):
    """Redis cannot be used now. Whether the command was executed is not known."""


class RedisDoor:
    """Runs operations on the process's one client, and skips Redis for a second after an error.

    `door.call(lambda redis: redis.get(door.key("session", digest)))` is all a gateway needs; scripts come from
    `register_script` and are called with `client=redis`, which reloads them after SCRIPT FLUSH. An operation must be
    one round trip and safe to repeat: it is repeated once when a timeout was this process's own fault.

    After an error everyone is sent away at once (RedisDown) for one second; then a single request probes while the
    others still go without. Whoever catches RedisDown takes the path without Redis.
    """

    def __init__(self, url: str, *, prefix: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`url` as `connect` takes it; the circuit goes by `clock`. Nothing is opened before the first call."""
        # One connection more hears the news.
        self.client: Redis = connect(url, connections=CONNECTIONS + 1, seconds=TIMEOUT_SECONDS)
        self._prefix = prefix
        self._clock = clock
        # Waiting stands here and not in the pool, so that those who wait hear at once that the circuit opened.
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._skip_until: float | None = None
        self._probing = False
        self._error_at: float | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.client.aclose()

    def key(self, *parts: str, tag: str | None = None) -> str:
        """`prefix:part:part`, with `tag` in braces after the first part.

        Redis Cluster keeps keys of one tag on one node; all keys of one script must share it.
        """
        if tag is None:
            return ":".join((self._prefix, *parts))
        return ":".join((self._prefix, parts[0], f"{{{tag}}}", *parts[1:]))

    async def call(self, operation: Callable[[Redis], Awaitable[T]]) -> T:
        """The operation's result. Raises RedisDown on any error of Redis and while the circuit is open."""
        self._refuse_while_open()
        async with self._turns:
            is_probe = self._enter()
            try:
                result = await self._run(operation)
            except FAULTS as error:
                self._open(error)
                await forget_nodes(self.client)
                raise RedisDown(type(error).__name__) from error
            finally:
                self._probing = self._probing and not is_probe
            if is_probe:
                self._close()
            return result

    async def ping(self) -> None:
        """Raises RedisDown."""
        await self.call(lambda redis: redis.ping())

    def had_error_within(self, seconds: float) -> bool:
        """Whether this process has met an error in the last `seconds`."""
        return self._error_at is not None and self._clock() - self._error_at < seconds

    async def _run(self, operation: Callable[[Redis], Awaitable[T]]) -> T:
        loop = asyncio.get_running_loop()  # by whose clock timeouts fire
        late = loop.time() + TIMEOUT_SECONDS + _LATE_SECONDS
        try:
            return await operation(self.client)
        except exceptions.TimeoutError:
            if loop.time() < late:
                raise
        return await operation(self.client)

    def _refuse_while_open(self) -> None:
        if self._skip_until is not None and (self._probing or self._clock() < self._skip_until):
            raise RedisDown("circuit open")

    def _enter(self) -> bool:
        """Whether this call is the probe. Asked again after waiting for a turn: the circuit may have opened."""
        self._refuse_while_open()
        self._probing = self._skip_until is not None
        return self._probing

    def _open(self, error: Exception) -> None:
        if self._skip_until is None:
            log.warning("redis is skipped after %s", type(error).__name__)
        self._error_at = self._clock()
        self._skip_until = self._error_at + SKIP_SECONDS

    def _close(self) -> None:
        self._skip_until = None
        log.warning("redis answers again")


def script_text(*names: str) -> str:
    """The Lua files of these names, one after the other: shared parts first, as Lua has no include here."""
    return "\n".join(_lua(name) for name in names)


@cache
def _lua(name: str) -> str:
    return (_LUA / f"{name}.lua").read_text(encoding="utf-8")
