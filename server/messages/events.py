"""What happened, as told to the message centre by the domains above it."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from models.applications import Application
from models.appointments import Appointment


class EventName(StrEnum):
    """Every event of config/messages.yaml, no more and no fewer."""

    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    APPROVED = "approved"
    APPROVED_ONLINE = "approved_online"
    BOOKED = "booked"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"
    DAY_CLOSED = "day_closed"
    NO_SHOW = "no_show"
    COLLECT = "collect"
    DONE = "done"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of an event
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - as above
    MOBILE_CHANGED = "mobile_changed"
    WECHAT_BOUND = "wechat_bound"
    WECHAT_REFUSED = "wechat_refused"
    WECHAT_MOVED = "wechat_moved"
    RESET_CODE = "reset_code"
    NOTICE = "notice"


@dataclass(frozen=True)
class ApplicationEvent:
    """Something happened to one application.

    `occurrence` is unique for ever: the application and its version, or approval and days for a reminder (decisions
    D25). It begins with the application's id, by which later events find what they undo.
    `values`: what the texts need beside the application: `remark` for rejected, `date` (2025-07-11) for expiring.
    """

    name: str
    application: Application
    occurrence: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """One person of an appointment. The mobile stays in the application's form and is read when the SMS is sent."""

    application_id: UUID
    name: str
    edition: str  # of the business, whose words the message uses


@dataclass(frozen=True)
class AppointmentEvent:
    """Something happened to an appointment, or to these people of it; `appointment` is as it is after the step."""

    name: str
    appointment: Appointment
    people: tuple[Person, ...]
    occurrence: str = ""
    values: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.occurrence:
            named = f"{self.appointment.id}:{self.appointment.version}:{self.name}"
            object.__setattr__(self, "occurrence", named)


Event = ApplicationEvent | AppointmentEvent
