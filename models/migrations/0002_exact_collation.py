"""MariaDB and MySQL compare text exactly: openids differ in case, and 𠮷 is not 𠮸 (SQLite does so by itself)."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops


async def compare_exactly(apps: Any, editor: Any) -> None:
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


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    operations = [ops.RunPython(compare_exactly, reverse_code=keep)]
