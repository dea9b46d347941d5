"""A process of its own that sends one template message to everybody named on its standard input, all at once."""

import asyncio
import sys

from config.settings import WechatSettings
from server import crypto
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.token import RedisTokenShelf
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.transport import open_http
from tests.engines.engine import KEYRING
from tests.server.gateways.wechat.conftest import template_message


async def send_all(wechat: str, redis: str, prefix: str, openids: list[str]) -> None:
    crypto.use(KEYRING)
    app = WechatSettings().official_account
    async with open_http() as http, RedisDoor(redis, prefix=prefix) as door:
        client = AsyncWechatClient(app, wechat, http, RedisTokenShelf(door, app.appid))
        await asyncio.gather(*(client.send_template(template_message(openid)) for openid in openids))


if __name__ == "__main__":
    asyncio.run(send_all(*sys.argv[1:4], sys.stdin.read().split()))
