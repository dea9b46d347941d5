"""What the worker keeps about itself: leases of periodic jobs and heartbeats."""

from tortoise import fields
from tortoise.models import Model


class JobLease(Model):
    """One periodic job. A worker runs it after winning the compare-and-swap on (owner, leased_until)."""

    name = fields.CharField(48, primary_key=True)
    owner = fields.CharField(64, default="")
    leased_until = fields.DatetimeField()
    next_at = fields.DatetimeField()
    last_done_at = fields.DatetimeField(null=True)

    class Meta:
        table = "job_lease"


class Heartbeat(Model):
    owner = fields.CharField(64, primary_key=True)
    beat_at = fields.DatetimeField()

    class Meta:
        table = "heartbeat"
