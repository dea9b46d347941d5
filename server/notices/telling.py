"""Tells the audience of a published notice: messages and deliveries written chunk by chunk, each exactly once.

A notice is read in the app and pushed by WeChat. It is never sent by SMS: that is for what concerns one's own business.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.expressions import F, Q

from models.base import new_id
from models.messages import Channel, Delivery, Message, MessageKind
from models.notices import Notice, NoticeState
from server import clock
from server.messages.events import EventName
from server.messages.outbox import new_delivery
from server.messages.undone import notice_occurrence
from server.messages.values import time_value
from server.messages.wording import Wording
from server.notices.audience import accounts_in, audience_of, reachable
from server.transactions import in_transaction, retried

CHUNK = 500  # accounts: all that is ever held in memory
_LEASE = timedelta(seconds=15)  # longer than a chunk may take
_TURN = 15.0  # seconds: the job (server/run/timetable.py) comes to an end by itself, and comes round again


@dataclass(frozen=True)
class Chunk:
    accounts: list[UUID]  # in the order of their ids
    messages: list[Message]
    deliveries: list[Delivery]


async def tell_audience(notice: Notice, *, chunk: int = CHUNK) -> None:
    """Go on after the last chunk that was committed, whoever wrote it, for one turn. Nothing while another is at it."""
    lease, now = secrets.token_hex(16), clock.now()
    free = Notice.filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now), id=notice.id)
    if not await free.update(lease=lease, leased_until=now + _LEASE):
        return
    until = time.monotonic() + _TURN
    try:
        while await tell_next(notice.id, lease, chunk) and time.monotonic() < until:
            pass
    finally:
        await Notice.filter(id=notice.id, lease=lease).update(lease=None, leased_until=None)


async def tell_next(notice_id: UUID, lease: str, size: int) -> bool:
    """Write one chunk. False: all are told, or the notice is no longer ours to tell."""
    notice = await Notice.get(id=notice_id)
    chunk = await next_chunk(notice, size)
    return await retried(partial(commit, notice, lease, chunk)) and bool(chunk.accounts)


async def next_chunk(notice: Notice, size: int) -> Chunk:
    """The next `size` accounts, not written yet; none when all are told."""
    waiting = accounts_in(audience_of(notice))
    if notice.reached_account:
        waiting = waiting.filter(id__gt=notice.reached_account)
    accounts: list[Any] = await waiting.order_by("id").limit(size).values_list("id", flat=True)
    text = _wording(notice).wechat
    bindings = await _bindings(accounts if text else [])
    messages = [_message(notice, account, len(bindings[account])) for account in accounts]
    payload = text.model_dump(mode="json") if text else {}
    written = [_delivery(message, payload, id_) for message in messages for id_ in bindings[message.account_id]]
    return Chunk(accounts, messages, written)


async def _bindings(accounts: list[UUID]) -> defaultdict[UUID, list[UUID]]:
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    rows: Iterable[Any] = await reachable(accounts).values_list("account_id", "id") if accounts else ()
    for account_id, binding_id in rows:
        found[account_id].append(binding_id)
    return found


async def commit(notice: Notice, lease: str, chunk: Chunk) -> bool:
    """The chunk and how far it reaches, in one transaction. False: cancelled, or another worker has taken over."""
    async with in_transaction():
        if not await _advance(notice, lease, chunk.accounts):
            return False
        if chunk.messages:
            await Message.bulk_create(chunk.messages)
        if chunk.deliveries:
            await Delivery.bulk_create(chunk.deliveries)
    return True


async def _advance(notice: Notice, lease: str, accounts: list[UUID]) -> bool:
    """Compare-and-swap on the lease, the state and where the last chunk ended; the row's lock makes a cancel wait."""
    at = Q(reached_account=notice.reached_account) if notice.reached_account else Q(reached_account__isnull=True)
    mine = Notice.filter(at, id=notice.id, lease=lease, state=NoticeState.ENQUEUEING)
    if not accounts:
        return await mine.update(state=NoticeState.SENDING) == 1
    told = F("told") + len(accounts)
    return await mine.update(reached_account=accounts[-1], told=told, leased_until=clock.now() + _LEASE) == 1


def _wording(notice: Notice) -> Wording:
    values = {"title": notice.title, "time": time_value(notice.published_at or clock.now())}
    return Wording(EventName.NOTICE, values, "")


def _message(notice: Notice, account_id: UUID, wechat_open: int) -> Message:
    return Message(
        id=new_id(),
        created_at=clock.now(),
        account_id=account_id,
        kind=MessageKind.NOTICE,
        event=EventName.NOTICE,
        occurrence=notice_occurrence(notice.id),
        text=notice.title,
        notice_id=notice.id,
        wechat_open=wechat_open,
    )


def _delivery(message: Message, payload: Mapping[str, Any], binding_id: UUID) -> Delivery:
    return new_delivery(
        message_id=message.id,
        account_id=message.account_id,
        event=message.event,
        occurrence=message.occurrence,
        recipient=f"binding:{binding_id}",
        channel=Channel.WECHAT,
        payload=payload,
        bulk=True,
    )
