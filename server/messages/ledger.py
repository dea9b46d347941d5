"""The delivery ledger of staff: finding deliveries, and sending one again."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise.expressions import F
from tortoise.queryset import QuerySet

from models.accounts import Account
from models.messages import WECHAT_CHANNELS, Channel, Delivery, DeliveryState, Message
from server import clock
from server.audit.trail import Actor, record
from server.errors import NotFound, Refusal
from server.messages.consequences import UNKNOWN
from server.messages.entries import RETRYABLE, STATE_LABELS, Entry, describe, is_secret
from server.messages.events import EventName
from server.messages.inbox import parse_cursor
from server.transactions import in_transaction


class RecipientKind(StrEnum):
    """Whom a delivery goes to: the account's contact, one of its WeChat bindings, or a CPA concerned."""

    ACCOUNT = "account"
    BINDING = "binding"
    PERSON = "person"


class DeliveryNotFound(NotFound):
    message = "没有找到这条发送记录"


class NotRetryable(Refusal):
    code = "not_retryable"
    message = "该记录不能重新发送"


@dataclass(frozen=True)
class Search:
    """Filters of the ledger; None: any."""

    state: DeliveryState | None = None
    channel: Channel | None = None
    event: EventName | None = None
    account_number: str | None = None
    occurrence: str | None = None
    message_id: UUID | None = None
    recipient: RecipientKind | None = None
    cursor: str | None = None
    limit: int = 20


async def list_deliveries(search: Search) -> tuple[list[Entry], str | None]:
    """Newest first, with the next page's cursor. Raises BadCursor."""
    rows = await (await _found(search)).order_by("-id").limit(search.limit + 1)
    page = rows[: search.limit]
    return await describe(page), str(page[-1].id) if len(rows) > len(page) else None


async def _found(search: Search) -> QuerySet[Delivery]:
    wanted: dict[str, Any] = {
        "state": search.state,
        "channel": search.channel,
        "event": search.event,
        "occurrence": search.occurrence,
        "message_id": search.message_id,
        "recipient__startswith": f"{search.recipient}:" if search.recipient else None,
        "id__lt": parse_cursor(search.cursor) if search.cursor else None,
    }
    if search.account_number:
        wanted["account_id__in"] = await Account.filter(number=search.account_number).values_list("id", flat=True)
    return Delivery.filter(**{key: value for key, value in wanted.items() if value is not None})


async def retry_delivery(delivery_id: UUID, actor: Actor) -> Entry:
    """Send again what was refused or failed. Raises DeliveryNotFound, NotRetryable (naming the state)."""
    delivery = await Delivery.get_or_none(id=delivery_id)
    if delivery is None:
        raise DeliveryNotFound
    async with in_transaction():
        if is_secret(delivery) or not await _reopen(delivery):
            raise NotRetryable(hint=f"当前状态：{STATE_LABELS[delivery.state]}")
        await record(actor, "retry_delivery", "delivery", str(delivery.id), event=delivery.event)
    return (await describe([await Delivery.get(id=delivery_id)]))[0]


async def _reopen(delivery: Delivery) -> bool:
    """Back to pending with fresh tries; an open WeChat delivery counts again before its message's SMS."""
    as_seen = Delivery.filter(id=delivery.id, state__in=RETRYABLE, error_code=delivery.error_code)
    changed = await as_seen.update(
        state=DeliveryState.PENDING,
        attempts=0,
        retries=F("retries") + 1,
        next_at=clock.now(),
        first_attempt_at=None,
        provider_id=None,
        ended_at=None,
        error_code="",
        reason="",
    )
    closed = delivery.channel in WECHAT_CHANNELS and delivery.error_code != UNKNOWN
    if changed and closed and delivery.message_id:
        await Message.filter(id=delivery.message_id).update(wechat_open=F("wechat_open") + 1)
    return changed == 1
