"""What was written and must not be sent any more: its appointment has moved on, its notice was cancelled."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from models.appointments import Appointment
from models.notices import Notice, NoticeState
from server.messages.tries import Sendable

MOVED_ON = "预约已变更，不再发送"
CANCELLED = "通知已取消，不再发送"

_NOTICE = "notice:"


def notice_occurrence(notice_id: UUID) -> str:
    """The occurrence of all messages and deliveries of one notice."""
    return f"{_NOTICE}{notice_id}"


async def reasons_not_to_send(leased: Iterable[Sendable]) -> dict[UUID, str]:
    """Delivery id -> why it is void, for those that are; at most one query a kind."""
    deliveries = list(leased)
    versions, cancelled = await _versions(deliveries), await _cancelled(deliveries)
    moved = {row.id: MOVED_ON for row in deliveries if _has_moved_on(row, versions)}
    return moved | {row.id: CANCELLED for row in deliveries if row.occurrence in cancelled}


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
