"""Migrations on both engines: once to head, a second time nothing, from several processes at once in turn."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from tortoise import Tortoise
from tortoise.context import TortoiseContext
from tortoise.indexes import Index
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from models.messages import Delivery
from models.orm import orm_config
from server.run.schema import apply_migrations, known_migrations, pending_migrations, unwritten_changes
from server.transactions import connection
from tests.engines.engine import Engine

NUMERIC = {"bigint", "int", "smallint", "tinyint", "double", "float", "decimal", "datetime", "date", "time"}


@pytest.fixture
def empty_database(running_engine: Engine, tmp_path: Path) -> str:
    """The address of a database of the engine's kind that nothing was done to."""
    if running_engine.mariadb is None:
        return f"sqlite://{tmp_path / 'fresh.sqlite3'}"
    return running_engine.mariadb.create_database(f"fresh_{uuid4().hex[:8]}")


async def test_a_second_migration_finds_nothing_to_do(empty_database: str, tmp_path: Path) -> None:
    config = orm_config(empty_database, tmp_path, 5)

    assert await apply_migrations(config) == known_migrations()
    assert await apply_migrations(config) == []


async def test_head_has_nothing_pending(engine: Engine) -> None:
    assert await pending_migrations() == []


async def test_an_empty_database_lacks_every_migration(empty_database: str, running_engine: Engine) -> None:
    blank = Engine("blank", running_engine.home, empty_database, running_engine.redis)

    async with blank.opened():
        assert await pending_migrations() == known_migrations()


async def test_every_unique_key_and_index_of_the_models_is_there(engine: Engine) -> None:
    """Altering a column builds SQLite's table anew; what guards races must come with it."""
    for model in (model for models in Tortoise.apps.values() for model in models.values()):
        found = await _indexed(str(model._meta.db_table))

        declared = [tuple(group) for group in (*model._meta.unique_together, *map(_columns, model._meta.indexes))]
        declared += [(name,) for name, field in model._meta.fields_map.items() if field.unique and not field.pk]
        assert set(declared) <= found, model.__name__


def _columns(index: Index | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(index.fields if isinstance(index, Index) else index)


async def _indexed(table: str) -> set[tuple[str, ...]]:
    """The column lists of the table's indexes, as the database has them."""
    if connection().capabilities.dialect == "mysql":
        rows = await connection().execute_query_dict(
            "SELECT GROUP_CONCAT(column_name ORDER BY seq_in_index) AS columns FROM information_schema.statistics "
            "WHERE table_schema = DATABASE() AND table_name = %s GROUP BY index_name",
            [table],
        )
    else:
        rows = await connection().execute_query_dict(
            "SELECT group_concat(i.name) AS columns FROM pragma_index_list(?) l, pragma_index_info(l.name) i "
            "GROUP BY l.name",
            [table],
        )
    return {tuple(row["columns"].split(",")) for row in rows}


async def test_a_database_in_use_is_upgraded_with_its_rows(empty_database: str, tmp_path: Path) -> None:
    config = orm_config(empty_database, tmp_path, 5)
    async with TortoiseContext() as context:
        await context.init(config=config)
        executor = MigrationExecutor(connection(), config["apps"])
        await executor.migrate([MigrationTarget(app_label="models", name="0002_exact_collation")], direction="forward")
        await connection().execute_script(_A_DELIVERY)

    await apply_migrations(config)

    async with TortoiseContext() as context:
        await context.init(config=config)
        assert await Delivery.all().values_list("occurrence", "template") == [("before", "")]


_A_DELIVERY = """INSERT INTO delivery (id, created_at, account_id, event, occurrence, recipient, channel, payload,
state, attempts, next_at, error_code, reason) VALUES ('019a0000-0000-7000-8000-000000000001', '2026-01-01 00:00:00',
'019a0000-0000-7000-8000-000000000002', 'done', 'before', 'account:x', 'sms', '', 'pending', 0, '2026-01-01 00:00:00',
'', '')"""


async def test_models_have_not_run_ahead(tmp_path: Path) -> None:
    assert await unwritten_changes(orm_config("", tmp_path, 5)) == []


async def test_every_text_column_compares_exactly(installed: Engine) -> None:
    columns = await connection().execute_query_dict(
        "SELECT table_name AS t, column_name AS c, data_type AS type, collation_name AS collation "
        "FROM information_schema.columns WHERE table_schema = DATABASE()"
    )

    assert {row["type"] for row in columns if row["collation"] is None} <= NUMERIC | {"longblob", "blob", "varbinary"}
    assert {row["collation"] for row in columns if row["collation"] is not None} == {"utf8mb4_bin"}


async def test_processes_that_migrate_at_once_take_turns(installed_engine: Engine, tmp_path: Path) -> None:
    """On MariaDB a lock of the database sees to it: there are more machines than one."""
    assert installed_engine.mariadb is not None
    config = orm_config(installed_engine.mariadb.create_database(f"race_{uuid4().hex[:8]}"), tmp_path, 5)

    applied = await asyncio.gather(*(apply_migrations(config) for _ in range(3)))

    assert sorted(applied) == [[], [], known_migrations()]
