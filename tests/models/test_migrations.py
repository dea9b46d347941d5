"""Migrations on both engines: once to head, a second time nothing, from several processes at once in turn."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

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
