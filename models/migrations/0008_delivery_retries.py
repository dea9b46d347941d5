"""A retry by staff is another message to the provider: how often there was one."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0007_delivery_lease")]

    initial = False

    operations = [
        ops.AddField(model_name="Delivery", name="retries", field=fields.IntField(default=0, db_default=0)),
    ]
