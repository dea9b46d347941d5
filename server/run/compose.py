"""Opens what a process needs and closes it again: keyring, clock, database, Redis, store, WeChat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise import Tortoise
from tortoise.backends.mysql import client as mysql_client

from config.settings import Settings
from models.orm import orm_config
from server import clock, crypto


class WrongDriver(RuntimeError):
    """asyncmy is installed: tortoise would take it silently, and only aiomysql is tested."""


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[None]:
    """The keyring, the clock and the database's connections of this process."""
    if mysql_client.mysql.__name__ != "aiomysql":
        raise WrongDriver
    crypto.use(crypto.Keyring(**settings.secret_keys()))
    clock.set_offset(settings.clock_offset_seconds)
    settings.home.mkdir(parents=True, exist_ok=True)
    config = orm_config(settings.database_url.get_secret_value(), settings.home, settings.database_pool)
    await Tortoise.init(config=config, _enable_global_fallback=True)
    try:
        yield
    finally:
        await asyncio.wait_for(Tortoise.close_connections(), 5)
