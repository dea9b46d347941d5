"""WeChat's access token shared by the processes of one app: sealed, so that a dump of Redis shows none."""

import time
from contextlib import suppress

import orjson
from cryptography.exceptions import InvalidTag

from server import crypto
from server.gateways.redis.client import RedisDoor, RedisDown
from server.gateways.wechat.token import FreshToken

# Compare-and-swap on the token's serial name, which tells nothing of the token.
_DROP = """
if redis.call('HGET', KEYS[1], 'name') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class RedisTokenShelf:
    """Satisfies server.gateways.wechat.token.TokenShelf; out of reach it is empty."""

    def __init__(self, door: RedisDoor, appid: str) -> None:
        self._door = door
        self._context = f"wechat.token:{appid}"
        self._key = door.key("wechat", "token", tag=appid)
        self._reserved = door.key("wechat", "fetching", tag=appid)
        self._drop = door.client.register_script(_DROP)

    async def get(self) -> FreshToken | None:
        try:
            sealed = await self._door.call(lambda redis: redis.hget(self._key, "sealed"))
            return self._opened(sealed) if sealed else None
        except (RedisDown, InvalidTag, KeyError):
            return None

    async def put(self, token: FreshToken) -> None:
        body = orjson.dumps({"value": token.value, "until": time.time() + token.seconds}).decode()
        values = {"name": crypto.hash_secret(token.value), "sealed": crypto.seal(body, self._context)}
        with suppress(RedisDown):
            await self._door.call(lambda redis: redis.hset(self._key, mapping=values))  # type: ignore[arg-type]
            await self._door.call(lambda redis: redis.expire(self._key, max(int(token.seconds), 1)))
            await self._door.call(lambda redis: redis.delete(self._reserved))  # whoever is next need not wait

    async def drop_if(self, value: str) -> None:
        name = crypto.hash_secret(value)
        with suppress(RedisDown):
            await self._door.call(lambda redis: self._drop(keys=[self._key], args=[name], client=redis))

    async def reserve(self, seconds: int) -> bool:
        try:
            return bool(await self._door.call(lambda redis: redis.set(self._reserved, 1, nx=True, ex=seconds)))
        except RedisDown:
            return True

    def _opened(self, sealed: bytes | str) -> FreshToken | None:
        body = orjson.loads(crypto.unseal(sealed.decode() if isinstance(sealed, bytes) else sealed, self._context))
        seconds = body["until"] - time.time()
        return FreshToken(body["value"], seconds) if seconds > 0 else None
