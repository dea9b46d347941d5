from tortoise import migrations
from tortoise.migrations import operations as ops
from models.base import new_id
from models.engines.steps import KnowValue, compare_exactly, keep
from models.messages import Channel
from models.notices import NoticeState
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0002_exact_collation')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Alert',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('kind', fields.CharField(max_length=48)),
                ('subject', fields.CharField(max_length=96)),
                ('open_subject', fields.CharField(null=True, unique=True, max_length=96)),
                ('text', fields.CharField(max_length=500)),
                ('times', fields.IntField(default=1)),
                ('last_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('resolved_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('resolved_by', fields.CharField(default='', max_length=100)),
            ],
            options={'table': 'alert', 'app': 'models', 'indexes': [Index(fields=['resolved_at', 'id'])], 'pk_attr': 'id', 'table_description': 'Something staff must look at. `subject` is unique while it is open: the same fault alerts once.'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='DeliveryDigest',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('on_date', fields.DateField(unique=True)),
                ('body', fields.TextField(unique=False)),
            ],
            options={'table': 'delivery_digest', 'app': 'models', 'pk_attr': 'id', 'table_description': 'What failed on one day (Asia/Shanghai), counted by channel, event and reason.'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='Notice',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('title', fields.CharField(max_length=100)),
                ('body', fields.TextField(unique=False)),
                ('audience', fields.CharField(max_length=500)),
                ('state', fields.CharEnumField(default=NoticeState.DRAFT, description='DRAFT: draft\nENQUEUEING: enqueueing\nSENDING: sending\nDONE: done\nCANCELLED: cancelled', enum_type=NoticeState, max_length=32)),
                ('author', fields.CharField(max_length=100)),
                ('version', fields.IntField(default=0)),
                ('reached_account', fields.UUIDField(null=True)),
                ('told', fields.IntField(default=0)),
                ('published_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('lease', fields.CharField(null=True, max_length=32)),
                ('leased_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notice', 'app': 'models', 'indexes': [Index(fields=['state'])], 'pk_attr': 'id'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='SendingPause',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('scope', fields.CharField(unique=True, max_length=96)),
                ('code', fields.CharField(default='', max_length=32)),
                ('reason', fields.CharField(default='', max_length=300)),
                ('by', fields.CharField(max_length=100)),
            ],
            options={'table': 'sending_pause', 'app': 'models', 'pk_attr': 'id', 'table_description': 'Nothing is sent of this scope until it is lifted: "channel:wechat" or "template:progress".'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='SubscribeCredit',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('openid', fields.CharField(max_length=64)),
                ('template_id', fields.CharField(max_length=64)),
                ('credits', fields.IntField(default=0)),
                ('refused_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'subscribe_credit', 'app': 'models', 'unique_together': (('openid', 'template_id'),), 'pk_attr': 'id', 'table_description': 'How many subscribe messages of one template this person has agreed to receive and not yet received.'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='SubscribeEntry',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('openid', fields.CharField(max_length=64)),
                ('template_id', fields.CharField(max_length=64)),
                ('change', fields.IntField()),
                ('cause', fields.CharField(unique=True, max_length=220)),
            ],
            options={'table': 'subscribe_entry', 'app': 'models', 'indexes': [Index(fields=['openid', 'template_id'])], 'pk_attr': 'id', 'table_description': "One change of a credit, append-only. `cause` names what changed it, once: a callback's item or a delivery."},
            bases=['Row'],
        ),
        ops.AddField(
            model_name='Account',
            name='contact_mobile_verified_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='BindingTicket',
            name='moves_from',
            field=fields.UUIDField(null=True),
        ),
        KnowValue(
            model_name='Delivery',
            name='channel',
            field=fields.CharEnumField(description='WECHAT: wechat\nMINI_PROGRAM: mini_program\nSMS: sms', enum_type=Channel, max_length=32),
        ),
        ops.AddField(
            model_name='Delivery',
            name='template',
            field=fields.CharField(default='', db_default='', max_length=64),
        ),
        ops.AddField(
            model_name='Message',
            name='notice_id',
            field=fields.UUIDField(null=True),
        ),
        ops.RunPython(compare_exactly, reverse_code=keep),
    ]
