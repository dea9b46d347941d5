"""The audit trail: rows appended in business transactions, linked into a hash chain by the worker."""

from typing import Any

from tortoise import fields

from models.base import Row


class AuditEntry(Row):
    actor_id = fields.UUIDField(null=True)  # null: the system
    actor_name = fields.CharField(100)
    action = fields.CharField(48)
    object_kind = fields.CharField(32)
    object_id = fields.CharField(64)
    reason = fields.CharField(300, default="")
    details: Any = fields.JSONField(default=dict)
    request_id = fields.CharField(64, default="")
    seq = fields.BigIntField(null=True, unique=True)  # its place in the chain, once linked
    previous_hash = fields.CharField(64, null=True)
    hash = fields.CharField(64, null=True)

    class Meta:
        table = "audit_entry"
        indexes = (("object_kind", "object_id"), ("actor_id",))
