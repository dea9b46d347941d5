"""Views of login sessions in Redis: one hash tag an account, each view believed only while its epoch is the latest."""

from collections.abc import Awaitable
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import orjson
from redis.asyncio import Redis

from models.accounts import AccountKind
from server.accounts.caller import Caller
from server.accounts.sessions import SessionView
from server.gateways.redis.client import RedisDoor, RedisDown

# Longer than a view lives plus the longest request that may still put one.
EPOCH_SECONDS = 600

# Raises never go back, in whatever order they arrive.
_RAISE = """
local known = redis.call('GET', KEYS[1])
if not known or tonumber(known) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
return 1
"""


class RedisSessionViews:
    """Satisfies server.accounts.sessions.SessionViews."""

    def __init__(self, door: RedisDoor) -> None:
        self._door = door
        self._raise = door.client.register_script(_RAISE)

    async def get(self, tag: str, token_hash: str) -> SessionView | None:
        keys = [self._view_key(tag, token_hash), self._epoch_key(tag)]
        try:
            raw, epoch = await self._door.call(lambda redis: _both(redis, keys))
        except RedisDown:
            return None
        view = _read(raw) if raw else None
        if view is None or (epoch is not None and view.caller.epoch < int(epoch)):
            return None
        return view

    async def put(self, tag: str, token_hash: str, view: SessionView, seconds: int) -> None:
        key = self._view_key(tag, token_hash)
        try:
            await self._door.call(lambda redis: _set(redis, key, orjson.dumps(asdict(view)), seconds))
        except RedisDown:
            return

    async def raise_epoch(self, tag: str, epoch: int) -> bool:
        key = self._epoch_key(tag)
        try:
            await self._door.call(lambda redis: self._raise_on(redis, key, epoch))
        except RedisDown:
            return False
        return True

    async def _raise_on(self, redis: Redis, key: str, epoch: int) -> Any:
        return await self._raise(keys=[key], args=[epoch, EPOCH_SECONDS], client=redis)

    def _view_key(self, tag: str, token_hash: str) -> str:
        return self._door.key("session", token_hash, tag=tag)

    def _epoch_key(self, tag: str) -> str:
        return self._door.key("session", "epoch", tag=tag)


async def _both(redis: Redis, keys: list[str]) -> list[Any]:
    return await cast(Awaitable[list[Any]], redis.mget(keys))


async def _set(redis: Redis, key: str, value: bytes, seconds: int) -> None:
    await redis.set(key, value, ex=seconds)


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
