"""Messages people read in the app, and deliveries: single tries to reach them outside of it."""

from enum import StrEnum

from tortoise import fields

from models.base import Row, enum_column


class MessageKind(StrEnum):
    SYSTEM = "system"
    NOTICE = "notice"


class Channel(StrEnum):
    WECHAT = "wechat"  # service-account template message
    MINI_PROGRAM = "mini_program"  # subscribe message of the mini program: one consent, one message
    SMS = "sms"


WECHAT_CHANNELS = frozenset({Channel.WECHAT, Channel.MINI_PROGRAM})


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  # leased until leased_until
    SENT = "sent"  # accepted by the provider, receipt awaited
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    REFUSED = "refused"  # for this recipient, definitely
    FAILED = "failed"
    SUPERSEDED = "superseded"


FINAL = frozenset({DeliveryState.DELIVERED, DeliveryState.REFUSED, DeliveryState.FAILED, DeliveryState.SUPERSEDED})


class Message(Row):
    """What one account reads in the message centre. `occurrence` names the event uniquely (decisions D25)."""

    account_id = fields.UUIDField()
    kind = enum_column(MessageKind, default=MessageKind.SYSTEM)
    event = fields.CharField(32)
    occurrence = fields.CharField(100)
    text = fields.CharField(2000)
    application_id = fields.UUIDField(null=True)
    appointment_id = fields.UUIDField(null=True)
    notice_id = fields.UUIDField(null=True)
    read_at = fields.DatetimeField(null=True)
    wechat_open = fields.IntField(default=0)  # WeChat deliveries that have not definitely failed (decisions D24)
    sms_fallback = fields.CharField(2000, default="")  # sealed text for the contact, context "message.sms:<id>"

    class Meta:
        table = "message"
        unique_together = (("occurrence", "account_id"),)
        indexes = (("account_id", "kind", "id"), ("account_id", "kind", "read_at"))


class Delivery(Row):
    """One message to one recipient on one channel. A recipient is an account, a binding or a person of an
    application, never a number: the address is looked up when it is sent."""

    message_id = fields.UUIDField(null=True)
    account_id = fields.UUIDField()  # whose business it is about
    event = fields.CharField(32)
    occurrence = fields.CharField(100)
    recipient = fields.CharField(64)  # "account:<id>", "binding:<id>" or "person:<application id>"
    channel = enum_column(Channel)
    template = fields.CharField(64, default="", db_default="")  # the text's key: a pause holds all of one
    payload = fields.TextField()  # sealed JSON of what is sent: "delivery.payload:<id>" or, bulk, "…:<occurrence>"
    appointment_id = fields.UUIDField(null=True)
    appointment_version = fields.IntField(null=True)
    state = enum_column(DeliveryState, default=DeliveryState.PENDING)
    bulk = fields.BooleanField(default=False, db_default=False)  # of a notice to many: after whatever else is due
    attempts = fields.IntField(default=0)
    retries = fields.IntField(default=0, db_default=0)  # by staff: to the provider each is another message
    next_at = fields.DatetimeField()
    lease = fields.CharField(32, null=True)
    leased_until = fields.DatetimeField(null=True)
    first_attempt_at = fields.DatetimeField(null=True)
    provider_id = fields.CharField(64, null=True)  # msgid of the provider
    error_code = fields.CharField(32, default="")
    reason = fields.CharField(300, default="")
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "delivery"
        unique_together = (("occurrence", "recipient", "channel"),)
        indexes = (
            ("channel", "bulk", "state", "next_at", "template"),
            ("provider_id",),
            ("message_id",),
            ("appointment_id",),
        )


class CallbackEvent(Row):
    """A callback of WeChat, stored under a unique key before it is acknowledged (decisions D27)."""

    app = fields.CharField(32)
    unique_key = fields.CharField(200)
    body = fields.TextField()  # sealed XML, context "callback.body:<id>"
    handled_at = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    next_at = fields.DatetimeField()

    class Meta:
        table = "callback_event"
        unique_together = (("app", "unique_key"),)
        indexes = (("handled_at", "next_at"),)


class SubscribeCredit(Row):
    """How many subscribe messages of one template this person has agreed to receive and not yet received."""

    openid = fields.CharField(64)
    template_id = fields.CharField(64)  # WeChat's id
    credits = fields.IntField(default=0)
    refused_at = fields.DatetimeField(null=True)  # said no, or switched the template off

    class Meta:
        table = "subscribe_credit"
        unique_together = (("openid", "template_id"),)


class SubscribeEntry(Row):
    """One change of a credit, append-only. `cause` names what changed it, once: a callback's item or a delivery."""

    openid = fields.CharField(64)
    template_id = fields.CharField(64)
    change = fields.IntField()
    cause = fields.CharField(220, unique=True)

    class Meta:
        table = "subscribe_entry"
        indexes = (("openid", "template_id"),)


class SendingPause(Row):
    """Nothing is sent of this scope until it is lifted: "channel:wechat" or "template:progress"."""

    scope = fields.CharField(96, unique=True)
    code = fields.CharField(32, default="")
    reason = fields.CharField(300, default="")
    by = fields.CharField(100)  # the operator's name, or 系统

    class Meta:
        table = "sending_pause"


class Alert(Row):
    """Something staff must look at. `subject` is unique while it is open: the same fault alerts once."""

    kind = fields.CharField(48)  # channel_stopped, template_paused, holidays_missing …
    subject = fields.CharField(96)
    open_subject = fields.CharField(96, null=True, unique=True)  # NULL once resolved
    text = fields.CharField(500)
    times = fields.IntField(default=1)
    last_at = fields.DatetimeField()
    resolved_at = fields.DatetimeField(null=True)
    resolved_by = fields.CharField(100, default="")

    class Meta:
        table = "alert"
        indexes = (("resolved_at", "id"),)


class DeliveryDigest(Row):
    """What failed on one day (Asia/Shanghai), counted by channel, event and reason."""

    on_date = fields.DateField(unique=True)
    body = fields.TextField()  # JSON: [{"channel", "event", "code", "reason", "count"}]

    class Meta:
        table = "delivery_digest"
