"""The audit trail: who decided what, and who read whose personal data, written with the deed itself."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.audit import AuditEntry
from server import clock

request_id: ContextVar[str] = ContextVar("request_id", default="")  # set by the door for the request it serves


@dataclass(frozen=True)
class Actor:
    """Whoever acted. `id` is None for the system."""

    id: UUID | None
    name: str


SYSTEM = Actor(None, "系统")


async def record(
    actor: Actor, action: str, object_kind: str, object_id: str, *, reason: str = "", **details: Any
) -> None:
    """Append one entry in the running transaction; `details` are JSON values and never personal data."""
    await AuditEntry.create(
        created_at=clock.now(),
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        reason=reason,
        details=details,
        request_id=request_id.get(),
    )
