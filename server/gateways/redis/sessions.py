"""Views of login sessions in Redis: one hash tag an account, each view believed only while its epoch is the latest."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from redis.asyncio import Redis

from models.accounts import AccountKind
from server.accounts.caller import Caller
from server.accounts.sessions import SessionView
from server.gateways.redis.client import RedisDoor, RedisDown
from server.gateways.redis.connect import read_all
from server.gateways.redis.news import SESSIONS, channel
from server.together import Together

# How long this process believes a view without asking Redis, should the news of its end be lost (ADR 5).
NEAR_SECONDS = 30.0
_MOST_NEAR = 12_000  # every firm of the country, 1.3 KB each
# More than one, so that they grow fewer; few, for thousands of an opening expire in the same second, and to forget them
# all at once held every request up for 16 ms.
_FORGOTTEN_A_PUT = 2

_Names = tuple[str, str]  # tag, token hash
_Kept = tuple[str, bytes, int]  # key, view, seconds

# Longer than a view lives plus the longest request that may still put one.
EPOCH_SECONDS = 600

# Raises never go back, in whatever order they arrive.
_RAISE = """
local known = redis.call('GET', KEYS[1])
if not known or tonumber(known) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
"""


class NearViews:
    """The views this process read within the last seconds, by token hash; those read longest ago are forgotten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._views: OrderedDict[str, tuple[float, SessionView]] = OrderedDict()
        self._epochs: OrderedDict[str, int] = OrderedDict()  # heard of; what is older is not believed

    def get(self, tag: str, token_hash: str) -> SessionView | None:
        until, view = self._views.get(token_hash, (0.0, None))
        is_believed = view is not None and self._clock() < until and view.caller.epoch >= self._epochs.get(tag, 0)
        return view if is_believed else None

    def put(self, token_hash: str, view: SessionView) -> None:
        self._views.pop(token_hash, None)
        self._views[token_hash] = (self._clock() + NEAR_SECONDS, view)
        for _ in range(_FORGOTTEN_A_PUT):
            if len(self._views) > _MOST_NEAR or self._oldest_has_expired():
                self._views.popitem(last=False)

    def _oldest_has_expired(self) -> bool:
        return next(iter(self._views.values()))[0] < self._clock()

    def raise_epoch(self, tag: str, epoch: int) -> None:
        self._epochs[tag] = max(epoch, self._epochs.pop(tag, 0))
        if len(self._epochs) > _MOST_NEAR:
            self._epochs.popitem(last=False)

    def forget(self) -> None:
        self._views.clear()


class RedisSessionViews:
    """Satisfies server.accounts.sessions.SessionViews."""

    def __init__(self, door: RedisDoor, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._near = NearViews(clock)
        self._raise = door.client.register_script(_RAISE)
        self._news = channel(door, SESSIONS)
        self._asked: Together[_Names, tuple[bytes | None, bytes | None]] = Together(self._ask)
        self._kept: Together[_Kept, None] = Together(self._keep)

    def remembered(self, tag: str, token_hash: str) -> SessionView | None:
        return self._near.get(tag, token_hash)

    async def get(self, tag: str, token_hash: str) -> SessionView | None:
        try:
            raw, epoch = await self._asked((tag, token_hash))
        except RedisDown:
            return None
        view = _read(raw) if raw else None
        if view is None or (epoch is not None and view.caller.epoch < int(epoch)):
            return None
        self._near.put(token_hash, view)
        return view

    async def put(self, tag: str, token_hash: str, view: SessionView, seconds: int) -> None:
        self._near.put(token_hash, view)
        key = self._view_key(tag, token_hash)
        try:
            await self._kept((key, _written(view), seconds))
        except RedisDown:
            return

    async def raise_epoch(self, tag: str, epoch: int) -> bool:
        self._near.raise_epoch(tag, epoch)
        key = self._epoch_key(tag)
        try:
            await self._door.call(lambda redis: self._raise_on(redis, key, tag, epoch))
        except RedisDown:
            return False
        return True

    def hear(self, news: str) -> None:
        """Another process raised an account's epoch: `tag:epoch`."""
        tag, _, epoch = news.partition(":")
        self._near.raise_epoch(tag, int(epoch))

    def forget(self) -> None:
        """Believe nothing of what was read before: news may have been missed."""
        self._near.forget()

    async def _keep(self, views: Sequence[_Kept]) -> list[None]:
        await self._door.call(lambda redis: _set_all(redis, views))
        return [None] * len(views)

    async def _ask(self, names: Sequence[_Names]) -> list[tuple[bytes | None, bytes | None]]:
        """The view of each session and the epoch of its account."""
        keys = [key for tag, token_hash in names for key in (self._view_key(tag, token_hash), self._epoch_key(tag))]
        values = await self._door.call(lambda redis: read_all(redis, keys))
        return list(zip(values[::2], values[1::2], strict=True))

    async def _raise_on(self, redis: Redis, key: str, tag: str, epoch: int) -> Any:
        arguments: list[str | int] = [epoch, EPOCH_SECONDS, self._news, f"{tag}:{epoch}"]
        return await self._raise(keys=[key], args=arguments, client=redis)

    def _view_key(self, tag: str, token_hash: str) -> str:
        return self._door.key("session", token_hash, tag=tag)

    def _epoch_key(self, tag: str) -> str:
        return self._door.key("session", "epoch", tag=tag)


async def _set_all(redis: Redis, views: Sequence[_Kept]) -> None:
    async with redis.pipeline(transaction=False) as pipeline:
        for key, value, seconds in views:
            pipeline.set(key, value, ex=seconds)
        await pipeline.execute()


def _written(view: SessionView) -> bytes:
    return orjson.dumps({"caller": vars(view.caller), "last_used_at": view.last_used_at, "expires_at": view.expires_at})


def _read(raw: bytes) -> SessionView | None:
    """None for what an older or newer release wrote: then the database is asked."""
    try:
        body = orjson.loads(raw)
        return SessionView(_caller(body["caller"]), _moment(body["last_used_at"]), _moment(body["expires_at"]))
    except (KeyError, TypeError, ValueError):
        return None


def _caller(body: dict[str, Any]) -> Caller:
    ids = {key: UUID(body[key]) if body[key] else None for key in ("account_id", "session_id", "firm_id", "cpa_id")}
    return Caller(**(body | ids | {"kind": AccountKind(body["kind"])}))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
