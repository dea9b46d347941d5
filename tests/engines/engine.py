"""An engine is a database and a Redis that tests may use; one is open in this process at a time, for one test."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tortoise import Tortoise
from tortoise.backends.base.executor import EXECUTOR_CACHE

from config.settings import settings
from models.orm import orm_config
from server.crypto import Keyring
from tests.engines.servers import MariaDB, RedisServer

KEYRING = Keyring(keys={"k1": b"1" * 32}, current="k1", index_key=b"2" * 32, pepper=b"3" * 32)


@dataclass(frozen=True)
class Engine:
    """`mariadb` is None on SQLite. `redis` is Valkey or Redis; to stop or flush it, take `own_redis` instead."""

    name: str
    home: Path
    database_url: str
    redis: RedisServer
    mariadb: MariaDB | None = None

    def environment(self) -> dict[str, str]:
        """What makes another process of ours use this engine and the tests' keys."""
        return environment_for_tests(self.home) | {
            "ZCGL_DATABASE_URL": self.database_url,
            "ZCGL_REDIS_URL": self.redis.url,
        }

    def orm(self, pool: int = 20) -> dict[str, Any]:
        return orm_config(self.database_url, self.home, pool)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Its database, open in this process and in every task; `settings()` agrees with it.

        tortoise keeps queries of one dialect on the model classes, so two engines cannot be open side by side,
        and nothing that was prepared for one may be used for the next.
        """
        before = {name: value for name, value in os.environ.items() if name.startswith("ZCGL_")}
        use_environment(self.environment())
        EXECUTOR_CACHE.clear()
        await Tortoise.init(config=self.orm(), _enable_global_fallback=True)
        try:
            yield
        finally:
            async with asyncio.timeout(10):  # a connection that was never given back would be waited for
                await Tortoise.close_connections()
            EXECUTOR_CACHE.clear()
            use_environment(before)


def environment_for_tests(home: Path) -> dict[str, str]:
    """The settings of a process started by tests, which never reads the developer's own."""
    return {
        "ZCGL_ENVIRONMENT": "test",
        "ZCGL_CONFIG": str(home / "none.toml"),
        "ZCGL_HOME": str(home),
        "ZCGL_QUIET_HOURS": "false",  # tests run at night as by day
        "ZCGL_SECRETS__ENCRYPTION_KEYS": json.dumps({name: _text(key) for name, key in KEYRING.keys.items()}),
        "ZCGL_SECRETS__INDEX_KEY": _text(KEYRING.index_key),
        "ZCGL_SECRETS__PEPPER": _text(KEYRING.pepper),
    }


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def use_environment(variables: dict[str, str]) -> None:
    """Exactly these ZCGL_ variables, for this process and what it starts."""
    for name in [name for name in os.environ if name.startswith("ZCGL_")]:
        del os.environ[name]
    os.environ.update(variables)
    settings.cache_clear()
