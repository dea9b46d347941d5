"""What was written and must not be sent any more: a later event undid it, its appointment has moved on, its notice was
cancelled, its code is dead."""

from collections.abc import Iterable
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from models.appointments import Appointment
from models.messages import Delivery, DeliveryState
from models.notices import Notice, NoticeState
from server import clock
from server.messages.events import EventName
from server.messages.texts import message_texts
from server.messages.tries import Sendable

MOVED_ON = "预约已变更，不再发送"
CANCELLED = "通知已取消，不再发送"
UNDONE = "已有后续进展，不再发送"
OUTDATED = "已失效或已有新的一条，不再发送"

_NOTICE = "notice:"


def notice_occurrence(notice_id: UUID) -> str:
    """The occurrence of all messages and deliveries of one notice."""
    return f"{_NOTICE}{notice_id}"


async def supersede_undone_by(
    event: EventName, occurrence: str, *, applications: Iterable[UUID], appointment: UUID | None = None
) -> None:
    """What `event` undoes of these and is not sent yet is void (decisions D26): of an appointment all of it, of an
    application what is held back until later, for what is due now is no older than the last second.

    They are found by their occurrences, which begin with what they are about. Looked for before anything is changed:
    as a rule there is nothing, and a look locks no row.
    """
    undone = [name for name, texts in message_texts().events.items() if event in texts.undone_by]
    if not undone:
        return
    about = _begin_with(map(str, applications)) & Q(next_at__gt=clock.now())
    if appointment is not None:
        about |= _begin_with([str(appointment)])
    unsent = Delivery.filter(state=DeliveryState.PENDING)
    older = unsent.filter(about, event__in=undone).exclude(occurrence=occurrence)
    if ids := await older.values_list("id", flat=True):
        void = {"state": DeliveryState.SUPERSEDED, "reason": UNDONE, "ended_at": clock.now()}
        await unsent.filter(id__in=ids).update(**void)


def _begin_with(subjects: Iterable[str]) -> Q:
    """A range of the unique index for each, where LIKE would read all of it; ";" comes next after ":"."""
    return reduce(or_, (Q(occurrence__gte=f"{subject}:", occurrence__lt=f"{subject};") for subject in subjects))


async def reasons_not_to_send(leased: Iterable[Sendable]) -> dict[UUID, str]:
    """Delivery id -> why it is void, for those that are; at most one query a kind."""
    deliveries = list(leased)
    versions, cancelled = await _versions(deliveries), await _cancelled(deliveries)
    moved = {row.id: MOVED_ON for row in deliveries if _has_moved_on(row, versions)}
    outdated = dict.fromkeys(await _outdated(deliveries), OUTDATED)
    return moved | outdated | {row.id: CANCELLED for row in deliveries if row.occurrence in cancelled}


async def _versions(deliveries: list[Sendable]) -> dict[UUID, int]:
    """Present versions of the appointments that these deliveries promise (decisions D26)."""
    promised = {row.appointment_id for row in deliveries if row.appointment_version is not None}
    rows: list[Any] = await Appointment.filter(id__in=promised).values_list("id", "version") if promised else []
    return dict(rows)


def _has_moved_on(delivery: Sendable, versions: dict[UUID, int]) -> bool:
    if delivery.appointment_version is None or delivery.appointment_id is None:
        return False
    return versions.get(delivery.appointment_id) != delivery.appointment_version


async def _cancelled(deliveries: list[Sendable]) -> set[str]:
    """Occurrences of notices that were cancelled."""
    notices = {row.occurrence for row in deliveries if row.bulk}
    found = Notice.filter(id__in=[UUID(name.removeprefix(_NOTICE)) for name in notices], state=NoticeState.CANCELLED)
    ids: list[Any] = await found.values_list("id", flat=True) if notices else []
    return {notice_occurrence(id_) for id_ in ids}


async def _outdated(deliveries: list[Sendable]) -> set[UUID]:
    """Those that are good for some minutes only, once these are over or the recipient has a newer one."""
    events = message_texts().events
    lives = {name: timedelta(minutes=texts.good_for) for name, texts in events.items() if texts.good_for}
    perishable = [row for row in deliveries if row.event in lives]
    newest, now = await _newest(perishable), clock.now()
    return {
        row.id
        for row in perishable
        if now >= row.created_at + lives[EventName(row.event)] or row.id != newest.get(row.recipient, row.id)
    }


async def _newest(perishable: list[Sendable]) -> dict[str, UUID]:
    """recipient -> the last delivery of the same kind, whatever became of it."""
    if not perishable:
        return {}
    like = _begin_with({row.occurrence.rpartition(":")[0] for row in perishable})
    found = Delivery.filter(like, recipient__in={row.recipient for row in perishable}).order_by("id")
    rows: list[Any] = await found.values_list("recipient", "id")
    return dict(rows)
