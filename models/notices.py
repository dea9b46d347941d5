"""协会通知: what the association tells many accounts at once, and how far the telling has come."""

from enum import StrEnum

from tortoise import fields

from models.base import Row, enum_column


class NoticeState(StrEnum):
    DRAFT = "draft"
    ENQUEUEING = "enqueueing"  # messages and deliveries are being written
    SENDING = "sending"
    DONE = "done"
    CANCELLED = "cancelled"


class Notice(Row):
    title = fields.CharField(100)
    body = fields.TextField()
    audience = fields.TextField()  # JSON: {"kinds": ["firm", "custody"], "numbers": []}
    state = enum_column(NoticeState, default=NoticeState.DRAFT)
    author = fields.CharField(100)
    version = fields.IntField(default=0)
    reached_account = fields.UUIDField(null=True)  # accounts are told in the order of their ids, up to here
    told = fields.IntField(default=0)  # accounts with a message
    published_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    lease = fields.CharField(32, null=True)
    leased_until = fields.DatetimeField(null=True)

    class Meta:
        table = "notice"
        indexes = (("state",),)
