"""MariaDB and MySQL compare text exactly."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from models.engines.steps import compare_exactly, keep


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    operations = [ops.RunPython(compare_exactly, reverse_code=keep)]
