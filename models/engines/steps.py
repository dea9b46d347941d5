"""Steps of migrations that tortoise does not have: exact comparison, a further value of an enum, a wider text."""

from typing import Any, cast

from tortoise.migrations import operations as ops


async def compare_exactly(apps: Any, editor: Any) -> None:
    """Every table so far compares by code points, as SQLite does by itself: openids differ in case, 𠮷 is not 𠮸.
    Each migration that creates tables ends with it, for tortoise names a character set and no collation."""
    if editor.client.capabilities.dialect != "mysql":
        return
    rows = await editor.client.execute_query_dict(
        "SELECT table_name AS name FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_collation <> 'utf8mb4_bin'"
    )
    for row in rows:
        await editor.client.execute_script(
            f"ALTER TABLE `{row['name']}` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        )


def keep(apps: Any, editor: Any) -> None:
    """Nothing to undo: exact comparison stands in no one's way."""


class KnowValue(ops.AlterField):
    """The model's enum has a further value; the column is text and stays as it is.

    As an AlterField, tortoise would build SQLite's table anew, without its unique keys and indexes.
    """

    async def database_forward(self, *_: Any, **__: Any) -> None: ...

    async def database_backward(self, *_: Any, **__: Any) -> None: ...


class Widen(ops.AlterField):
    """A text column that may hold more. SQLite counts no characters and keeps its table as it is (see KnowValue);
    MySQL is told in its own words, which tortoise does not know."""

    async def database_forward(self, app_label: str, old_state: Any, new_state: Any, state_editor: Any = None) -> None:
        if state_editor and state_editor.client.capabilities.dialect == "mysql":
            table = new_state.apps.get_model(f"{app_label}.{self.model_name}")._meta.db_table
            kind = cast(Any, self.field).get_for_dialect("mysql", "SQL_TYPE")
            await state_editor.client.execute_script(f"ALTER TABLE `{table}` MODIFY `{self.name}` {kind} NOT NULL")

    async def database_backward(self, *_: Any, **__: Any) -> None:
        """What was written since may be longer than the former column."""
