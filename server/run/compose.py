"""Opens what a process needs and closes it again: keyring, clock, database, Redis, store, studio, WeChat, SMS."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise import Tortoise

from config.settings import Settings
from models.orm import orm_config
from server import clock, crypto
from server.accounts.reset import codes_written
from server.appointments.grid_memory import GridMemory
from server.gateways.object_store import open_store
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.limits import RedisLimiter
from server.gateways.redis.news import DESKS, SESSIONS, hearing
from server.gateways.redis.sessions import RedisSessionViews
from server.gateways.redis.slots import RedisSlots
from server.gateways.studio.process import open_studio
from server.http.services import Services
from server.run.later import opened_later


class WrongDriver(RuntimeError):
    """asyncmy is installed: tortoise would take it silently, and only aiomysql is tested."""


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[None]:
    """The keyring, the clock and the database's connections of this process."""
    if importlib.util.find_spec("asyncmy"):
        raise WrongDriver
    crypto.use(crypto.Keyring(**settings.secret_keys()))
    clock.set_offset(settings.clock_offset_seconds)
    settings.home.mkdir(parents=True, exist_ok=True)
    config = orm_config(settings.database_url.get_secret_value(), settings.home, settings.database_pool)
    await Tortoise.init(config=config, _enable_global_fallback=True)
    try:
        yield
    finally:
        await codes_written()
        await asyncio.wait_for(Tortoise.close_connections(), 5)


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Everything a web process or the worker uses. An engine that is down stops nothing here: it is met when used."""
    async with (
        open_database(settings),
        RedisDoor(settings.redis_address, prefix=settings.redis_prefix) as redis,
        _views(redis) as (slots, grids, session_views),
        open_studio() as studio,
        opened_later("server.run.outside", lambda outside: outside.open_wechat_of(settings, redis)) as wechat,
        opened_later("server.run.outside", lambda outside: outside.open_sms_of(settings)) as sms,
    ):
        yield Services(
            settings=settings,
            redis=redis,
            slots=slots,
            grids=grids,
            limiter=RedisLimiter(redis),
            session_views=session_views,
            store=open_store(settings.store_url, settings.home, settings.store_s3),
            studio=studio,
            wechat=wechat,
            sms=sms,
        )


@asynccontextmanager
async def _views(redis: RedisDoor) -> AsyncIterator[tuple[RedisSlots, GridMemory, RedisSessionViews]]:
    """What this process believes, and the news that end it (ADR 5)."""
    grids, session_views = GridMemory(), RedisSessionViews(redis)

    def forget() -> None:
        grids.forget_all()
        session_views.forget()

    async with hearing(redis, {DESKS: grids.forget, SESSIONS: session_views.hear}, forget):
        yield RedisSlots(redis, changed=grids.forget), grids, session_views
