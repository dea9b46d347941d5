from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0005_fan_out')]

    initial = False

    operations = [
        ops.AddField(
            model_name='WechatBinding',
            name='joined_by',
            field=fields.UUIDField(null=True),
        ),
    ]
