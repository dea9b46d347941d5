"""Who was unbound from the mini program is not logged in to it by unionid."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.base import new_id
from models.engines.steps import compare_exactly, keep


class Migration(migrations.Migration):
    dependencies = [("models", "0003_wechat_whole")]

    initial = False

    operations = [
        ops.CreateModel(
            name="WechatParting",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("person", fields.CharField(unique=True, max_length=64)),
            ],
            options={
                "table": "wechat_parting",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A mini-program user who was unbound: WeChat's unionid logs him in to nothing "
                "until he is bound anew.",
            },
            bases=["Row"],
        ),
        ops.RunPython(compare_exactly, reverse_code=keep),
    ]
