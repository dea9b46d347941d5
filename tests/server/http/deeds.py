"""Deeds that must be done wholly or not at all: how each is asked for, and how to see that nothing of it is missing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from models.applications import Application, HistoryEntry, State, Submission, Verdict
from models.appointments import Appointment, RequestKey, Visit
from models.audit import AuditEntry
from models.materials import Page
from models.messages import Delivery, Message
from tests.server.http import rows_applicants, rows_console
from tests.server.http.cast import Who
from tests.server.http.client import Order
from tests.server.http.rows import Make
from tests.server.http.stage import Stage

Look = Callable[[Stage, UUID], Awaitable[dict[str, int]]]


@dataclass(frozen=True)
class Deed:
    """`look`: how often each part of it is there, for one application; `whole`: what that is when it was done once.
    `again`: what a repetition is told that finds it done."""

    route: str
    who: Who
    make: Make
    look: Look
    whole: dict[str, int]
    again: int

    def application_of(self, order: Order) -> UUID:
        return UUID(str(order.path["id"] if "id" in order.path else order.body["application_ids"][0]))

    @property
    def absent(self) -> dict[str, int]:
        return dict.fromkeys(self.whole, 0)


async def look_at_booking(stage: Stage, id_: UUID) -> dict[str, int]:
    visits = await Visit.filter(application_id=id_, live_application_id=id_, place_no__isnull=False)
    ids = [visit.appointment_id for visit in visits]
    return {
        "state": await Application.filter(id=id_, state=State.BOOKED).count(),
        "history": await HistoryEntry.filter(application_id=id_, action="book").count(),
        "places": len(visits),
        "appointments": await Appointment.filter(id__in=ids, people=1).count(),
        "keys": await RequestKey.filter(appointment_id__in=ids).count(),
        "messages": await Message.filter(appointment_id__in=ids, event="booked").count(),
        "SMS to the CPA": await Delivery.filter(recipient=f"person:{id_}", event="booked").count(),
    }


async def look_at_submission(stage: Stage, id_: UUID) -> dict[str, int]:
    return {
        "state": await Application.filter(id=id_, state=State.SUBMITTED, live_person__isnull=False).count(),
        "history": await HistoryEntry.filter(application_id=id_, action="submit").count(),
        "submissions": await Submission.filter(application_id=id_).count(),
        "messages": await Message.filter(application_id=id_, event="submitted").count(),
    }


async def look_at_verdict(stage: Stage, id_: UUID) -> dict[str, int]:
    return {
        "state": await Application.filter(id=id_, state=State.REJECTED, claimed_by__isnull=True).count(),
        "history": await HistoryEntry.filter(application_id=id_, action="return").count(),
        "verdicts": await Verdict.filter(application_id=id_).count(),
        "messages": await Message.filter(application_id=id_, event="rejected").count(),
        "audited": await AuditEntry.filter(object_id=str(id_), action="review.return").count(),
    }


async def look_at_upload(stage: Stage, id_: UUID) -> dict[str, int]:
    pages = await Page.filter(application_id=id_)
    folder = stage.site.engine.home / "objects"
    return {"pages": len(pages), "files": sum((folder / page.object_key).exists() for page in pages)}


def _once(*parts: str) -> dict[str, int]:
    return dict.fromkeys(parts, 1)


DEEDS = {
    "booking": Deed(
        "POST /api/v1/appointments",
        Who.FIRM,
        rows_applicants.booking,
        look_at_booking,
        _once("state", "history", "places", "appointments", "keys", "messages", "SMS to the CPA"),
        201,
    ),
    "submission": Deed(
        "POST /api/v1/applications/<id>/submit",
        Who.FIRM,
        rows_applicants.complete_draft,
        look_at_submission,
        _once("state", "history", "submissions", "messages"),
        409,
    ),
    "verdict": Deed(
        "POST /console/v1/applications/<id>/verdict",
        Who.REVIEWER,
        rows_console.verdict,
        look_at_verdict,
        _once("state", "history", "verdicts", "messages", "audited"),
        409,
    ),
    "upload": Deed(
        "PUT /api/v1/applications/<id>/materials/<key>",
        Who.FIRM,
        rows_applicants.upload,
        look_at_upload,
        _once("pages", "files"),
        200,
    ),
}
