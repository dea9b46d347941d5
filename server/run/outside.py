"""WeChat and SMS as a process opens them: with their libraries the part of a start that answers nobody's request."""

from contextlib import AbstractAsyncContextManager

from config.settings import Settings
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.token import RedisTokenShelf
from server.gateways.sms.connect import Sms, open_sms
from server.gateways.wechat.connect import Wechat, open_wechat


def open_wechat_of(settings: Settings, redis: RedisDoor) -> AbstractAsyncContextManager[Wechat]:
    return open_wechat(settings.wechat, settings.wechat_url, lambda appid: RedisTokenShelf(redis, appid))


def open_sms_of(settings: Settings) -> AbstractAsyncContextManager[Sms]:
    return open_sms(settings)
