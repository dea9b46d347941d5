"""A delivery as whoever sends it sees it: what sending and recording need of its row, read without the rest."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from models.messages import Channel, Delivery


@dataclass(slots=True)
class Try:
    """As it stood before this attempt, but for the `lease` and its end, which it has once it is taken. Many are read at
    once, and the ORM would take longer over each than all the rest of its preparation."""

    channel: Channel
    id: UUID
    created_at: datetime
    message_id: UUID | None
    event: str
    occurrence: str
    recipient: str
    template: str
    payload: str
    bulk: bool
    appointment_id: UUID | None
    appointment_version: int | None
    attempts: int
    retries: int
    first_attempt_at: datetime | None
    lease: str = ""
    leased_until: datetime | None = None


COLUMNS = tuple(field.name for field in fields(Try) if field.name not in ("channel", "lease", "leased_until"))

Sendable = Delivery | Try
