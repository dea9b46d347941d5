"""Deliveries of a notice wait for all others; a notice may name hundreds of accounts."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.engines.steps import Widen, compare_exactly, keep


class Migration(migrations.Migration):
    dependencies = [("models", "0004_wechat_parting")]

    initial = False

    operations = [
        ops.RemoveIndex(model_name="Delivery", name=None, fields=["state", "next_at"]),
        ops.AddField(model_name="Delivery", name="bulk", field=fields.BooleanField(default=False, db_default=False)),
        ops.AddIndex(model_name="Delivery", index=Index(fields=["channel", "bulk", "state", "next_at", "template"])),
        Widen(model_name="Notice", name="audience", field=fields.TextField(unique=False)),
        ops.RunPython(compare_exactly, reverse_code=keep),
    ]
