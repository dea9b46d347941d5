"""The database's shape: applies migrations, says which are missing, and whether models ran ahead of them."""

import pkgutil
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tortoise import connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from models import migrations

_APP = "models"
_LOCK_SECONDS = 60


class SchemaBusy(RuntimeError):
    """Another process has been migrating this database for a minute."""


async def apply_migrations(config: dict[str, Any]) -> list[str]:
    """Bring the database of `config` to head; the names applied now. One process at a time, the others wait."""
    async with TortoiseContext() as context:
        await context.init(config=config)
        async with _alone(connections.get("default")):
            return await _apply(config)


async def _apply(config: dict[str, Any]) -> list[str]:
    pending = await pending_migrations()
    if pending:
        executor = MigrationExecutor(connections.get("default"), config["apps"])
        with warnings.catch_warnings():
            # MariaDB warns that the table of applied migrations already exists, which is what was asked for.
            warnings.simplefilter("ignore")
            await executor.migrate([MigrationTarget(app_label=_APP, name="__latest__")], direction="forward")
    return pending


async def pending_migrations() -> list[str]:
    """Names of migrations the open database lacks, in order; empty at head."""
    try:
        rows = await connections.get("default").execute_query_dict(
            "SELECT name FROM tortoise_migrations WHERE app = 'models'"
        )
    except OperationalError as error:
        if not _is_missing_table(error):
            raise
        rows = []
    applied = {row["name"] for row in rows}
    return [name for name in known_migrations() if name not in applied]


def known_migrations() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))


async def unwritten_changes(config: dict[str, Any]) -> list[str]:
    """What `makemigrations` would write for the models as they are; empty when migrations are up to date."""
    async with TortoiseContext() as context:
        await context.init(config=config, init_connections=False)
        if context.apps is None:
            raise RuntimeError("tortoise knows no apps")
        writers = await MigrationAutodetector(context.apps, config["apps"]).changes()
    return [str(operation) for writer in writers for operation in writer.operations]


def _is_missing_table(error: Exception) -> bool:
    return "no such table" in str(error) or "1146" in str(error)


@asynccontextmanager
async def _alone(client: BaseDBAsyncClient) -> AsyncIterator[None]:
    """A lock in the database, because several machines may start at once. SQLite's callers hold a file lock."""
    if client.capabilities.dialect != "mysql":
        yield
        return
    async with client.acquire_connection() as connection, connection.cursor() as cursor:
        await cursor.execute("SELECT GET_LOCK('zcgl_migrate', %s)", (_LOCK_SECONDS,))
        if await cursor.fetchone() != (1,):
            raise SchemaBusy("另一个进程正在升级数据库，请稍后再试")
        try:
            yield
        finally:
            await cursor.execute("SELECT RELEASE_LOCK('zcgl_migrate')")
