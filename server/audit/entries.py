"""Reading the audit trail, newest first."""

from dataclasses import dataclass
from uuid import UUID

from models.audit import AuditEntry


@dataclass(frozen=True)
class EntryFilter:
    object_kind: str | None = None
    object_id: str | None = None
    actor_id: UUID | None = None
    action: str | None = None


async def list_entries(wanted: EntryFilter, before: UUID | None, limit: int) -> list[AuditEntry]:
    """At most `limit`, older than `before`."""
    rows = AuditEntry.filter(**{name: value for name, value in vars(wanted).items() if value})
    rows = rows.filter(id__lt=before) if before else rows
    return await rows.order_by("-id").limit(limit)
