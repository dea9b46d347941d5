"""Visits to the desk: appointments, the people in them and the places they hold (../docs: slot protocol)."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from models.base import Row, enum_column


class AppointmentState(StrEnum):
    SUCCESS = "success"
    DONE = "done"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class Outcome(StrEnum):
    DONE = "done"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


class RequestKey(Row):
    """One idempotency key of one account. `appointment_id` null: this key was refused for want of places."""

    account_id = fields.UUIDField()
    key = fields.CharField(64)
    body_hash = fields.CharField(64)  # covers method, path and body
    appointment_id = fields.UUIDField(null=True)

    class Meta:
        table = "request_key"
        unique_together = (("account_id", "key"),)
        indexes = (("created_at",),)


class Appointment(Row):
    account_id = fields.UUIDField()
    business = fields.CharField(32)
    desk = fields.CharField(32)
    on_date = fields.DateField()
    start = fields.CharField(5)  # the slot's start, HH:MM
    window_from = fields.CharField(5)  # the arrival window, HH:MM
    window_to = fields.CharField(5)
    people = fields.IntField()
    state = enum_column(AppointmentState, default=AppointmentState.SUCCESS)
    version = fields.IntField(default=0)

    class Meta:
        table = "appointment"
        indexes = (("account_id", "id"), ("desk", "on_date", "state"))


class Visit(Row):
    """One person in one appointment, or a place closed by staff (application_id null, token "closed").

    Giving a place back sets place_no to NULL, and live_application_id when the visit is over: NULLs never
    collide, so history stays in the same row.
    """

    appointment_id = fields.UUIDField(null=True)
    application_id = fields.UUIDField(null=True)
    token = fields.CharField(32)
    desk = fields.CharField(32)
    on_date = fields.DateField()
    start = fields.CharField(5)
    place_no = fields.IntField(null=True)  # 1-12
    live_application_id = fields.UUIDField(null=True, unique=True)
    outcome = enum_column(Outcome, null=True)
    checked_in_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "visit"
        unique_together = (("desk", "on_date", "start", "place_no"),)
        indexes = (("appointment_id",), ("application_id",))


class DayOverride(Model):
    """What staff decided for a day at a desk. It wins over weekends and holidays (decisions D22)."""

    id = fields.CharField(48, primary_key=True)  # "<desk>:<date>"
    desk = fields.CharField(32)
    on_date = fields.DateField()
    closed = fields.BooleanField()
    reason = fields.CharField(100, default="")
    set_by = fields.UUIDField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "day_override"
        unique_together = (("desk", "on_date"),)
