"""Nothing is looked for by its lease any more: one index less to keep while a notice goes out."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0006_joined_binding")]

    initial = False

    operations = [ops.RemoveIndex(model_name="Delivery", name=None, fields=["lease"])]
