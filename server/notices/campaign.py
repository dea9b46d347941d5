"""The worker's part: every notice under way is taken one step further (a job, server/run/timetable.py)."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet

from models.messages import Channel, Delivery, DeliveryState
from models.notices import Notice, NoticeState
from server import clock
from server.messages.outcomes import superseded
from server.messages.undone import CANCELLED, notice_occurrence
from server.notices.telling import tell_audience
from server.transactions import retried

_AT_ONCE = 1000  # deliveries made void by one statement


async def carry_on() -> None:
    """Tell who is still to be told, withdraw what a cancelled notice has not sent, see which are done.

    Safe to be cut off anywhere: the next run goes on.
    """
    for notice in await Notice.filter(state__in=list(_STEPS), ended_at__isnull=True).order_by("published_at", "id"):
        await _STEPS[notice.state](notice)


async def is_waiting(notice: Notice) -> bool:
    """Whether any of it is still to be sent."""
    return (
        await _queued(notice, DeliveryState.PENDING).exists() or await _queued(notice, DeliveryState.SENDING).exists()
    )


def _queued(notice: Notice, state: DeliveryState) -> QuerySet[Delivery]:
    """Looked for where the queue has its index: what is sent already is long and need not be read."""
    queue = Delivery.filter(channel=Channel.WECHAT, bulk=True, state=state)
    return queue.filter(occurrence=notice_occurrence(notice.id))


async def _see_if_done(notice: Notice) -> None:
    """Receipts may still come: what WeChat has accepted keeps a notice going no longer."""
    if not await is_waiting(notice):
        going = Notice.filter(id=notice.id, state=NoticeState.SENDING)
        await going.update(state=NoticeState.DONE, ended_at=clock.now())


async def _withdraw(notice: Notice) -> None:
    """In pieces, so that no statement holds many rows; what is in flight is the Deliverer's to withhold."""
    pending = _queued(notice, DeliveryState.PENDING)
    while ids := await _some(pending):
        await retried(partial(_supersede, pending.filter(id__in=ids)))
    await Notice.filter(id=notice.id, state=NoticeState.CANCELLED).update(ended_at=clock.now())


async def _some(pending: QuerySet[Delivery]) -> list[UUID]:
    ids: list[Any] = await pending.limit(_AT_ONCE).values_list("id", flat=True)
    return ids


async def _supersede(piece: QuerySet[Delivery]) -> int:
    return await piece.update(**superseded(clock.now(), CANCELLED))


_STEPS: dict[NoticeState, Callable[[Notice], Awaitable[None]]] = {
    NoticeState.ENQUEUEING: tell_audience,
    NoticeState.SENDING: _see_if_done,
    NoticeState.CANCELLED: _withdraw,
}
