"""What an outcome makes of a delivery, and the next channel when WeChat definitely failed (decisions D24, D27)."""

import random
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from models.accounts import WechatBinding
from models.messages import Channel, Delivery, DeliveryState, Message
from server import clock, crypto
from server.messages.channels import Failed, InDoubt, Outcome, Refused, Sent, TryLater
from server.messages.outbox import new_delivery
from server.transactions import in_transaction, is_duplicate, retried

REPEAT_FOR = timedelta(minutes=8)  # the provider knows a client_msg_id again for ten
GIVE_UP_AFTER = timedelta(hours=24)
_DELAYS = (10, 40, 120, 300)  # seconds before the second to fifth try: about eight minutes in all
_ATTEMPTS = len(_DELAYS) + 1
_STALE_OPENID = frozenset({"40003", "43004"})  # unknown, or no longer following

Columns = dict[str, Any]


def after(outcome: Outcome, delivery: Delivery, now: datetime) -> Columns:
    """The columns that `outcome` gives to a delivery as it was leased, before this attempt was counted."""
    match outcome:
        case Sent(provider_id=""):  # a channel without receipts
            return _ended(DeliveryState.DELIVERED, now, "", "")
        case Sent(provider_id=provider_id):
            return {"state": DeliveryState.SENT, "provider_id": provider_id, "error_code": "", "reason": ""}
        case Refused(code=code, reason=reason):
            return _ended(DeliveryState.REFUSED, now, code, reason)
        case Failed(code=code, reason=reason):
            return _ended(DeliveryState.FAILED, now, code, reason)
        case InDoubt(reason=reason):
            return _doubted(delivery, now, "in_doubt", reason)
        case TryLater():
            return _later(outcome, delivery, now)


def lapsed(delivery: Delivery, now: datetime) -> Columns | None:
    """A delivery that may have arrived and must not be sent again: waits for its receipt, or is given up."""
    first = delivery.first_attempt_at
    if first is None or now < first + REPEAT_FOR:
        return None
    if now < first + GIVE_UP_AFTER:
        return {"state": DeliveryState.IN_DOUBT, "next_at": first + GIVE_UP_AFTER}
    return _ended(DeliveryState.FAILED, now, "unknown", "结果未知：已发出，24小时内没有收到回执")


def superseded(now: datetime) -> Columns:
    return _ended(DeliveryState.SUPERSEDED, now, "", "预约已变更，不再发送")


def _ended(state: DeliveryState, now: datetime, code: str, reason: str) -> Columns:
    return {"state": state, "ended_at": now, "error_code": code[:32], "reason": reason[:300]}


def _doubted(delivery: Delivery, now: datetime, code: str, reason: str) -> Columns:
    first = delivery.first_attempt_at or now
    again = now + _delay(delivery.attempts)
    due = again if again < first + REPEAT_FOR else first + GIVE_UP_AFTER
    return {"state": DeliveryState.IN_DOUBT, "next_at": due, "error_code": code[:32], "reason": reason[:300]}


def _later(outcome: TryLater, delivery: Delivery, now: datetime) -> Columns:
    """Definitely not accepted this time; an earlier attempt in doubt stays in doubt."""
    if delivery.first_attempt_at is not None:
        return _doubted(delivery, now, outcome.code, outcome.reason)
    if delivery.attempts + 1 >= _ATTEMPTS:
        return _ended(DeliveryState.FAILED, now, outcome.code, f"已尝试{_ATTEMPTS}次：{outcome.reason}")
    asked = timedelta(seconds=outcome.seconds)
    wait = max(_delay(delivery.attempts), asked) if delivery.attempts else asked  # the first time at its word
    return {
        "state": DeliveryState.PENDING,
        "first_attempt_at": None,
        "next_at": now + wait,
        "error_code": outcome.code[:32],
        "reason": outcome.reason[:300],
    }


def _delay(attempts_before: int) -> timedelta:
    base = _DELAYS[min(attempts_before, len(_DELAYS) - 1)]
    return timedelta(seconds=base * random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, hides nothing


async def record(delivery: Delivery, columns: Columns) -> bool:
    """Write the outcome if the lease is still ours, with what a definite failure causes. False: it is not."""
    mine = {"id": delivery.id, "lease": delivery.lease, "state": DeliveryState.SENDING}
    return await settle(delivery, mine, columns)


async def settle(delivery: Delivery, expected: dict[str, Any], columns: Columns) -> bool:
    """Compare-and-swap from `expected` to `columns`; final states are never among the expected."""
    if columns["state"] not in (DeliveryState.REFUSED, DeliveryState.FAILED):
        return await retried(lambda: Delivery.filter(**expected).update(**columns)) == 1
    return await retried(partial(_fail, delivery, expected, columns))


async def _fail(delivery: Delivery, expected: dict[str, Any], columns: Columns) -> bool:
    async with in_transaction():
        if await Delivery.filter(**expected).update(**columns) != 1:
            return False
        if columns["error_code"] in _STALE_OPENID:
            await _mark_unreachable(delivery)
        if delivery.channel is Channel.WECHAT and delivery.message_id and columns["error_code"] != "unknown":
            await _open_next_channel(delivery, delivery.message_id)
        return True


async def _mark_unreachable(delivery: Delivery) -> None:
    kind, _, id_ = delivery.recipient.partition(":")
    if kind == "binding":
        await WechatBinding.filter(id=id_).update(reachable=False)


async def _open_next_channel(delivery: Delivery, message_id: UUID) -> None:
    """Whoever closes the last WeChat delivery of a message writes its SMS; the row's lock puts them in a row."""
    await Message.filter(id=message_id, wechat_open__gt=0).update(wechat_open=F("wechat_open") - 1)
    message = await Message.get_or_none(id=message_id)
    if message is None or message.wechat_open or not message.sms_fallback:
        return
    text = crypto.unseal(message.sms_fallback, f"message.sms:{message.id}")
    sms = new_delivery(
        message_id=message.id,
        account_id=message.account_id,
        event=delivery.event,
        occurrence=delivery.occurrence,
        recipient=f"account:{message.account_id}",
        channel=Channel.SMS,
        payload={"text": text},
        appointment_id=delivery.appointment_id,
        appointment_version=delivery.appointment_version,
    )
    try:
        await sms.save(force_create=True)
    except IntegrityError as error:  # a staff retry failed again: the SMS was written the first time
        if not is_duplicate(error):
            raise


async def settle_receipt(provider_id: str, status: str) -> bool:
    """WeChat's word on a message it accepted: success, failed:user block, failed: system failed.

    False when no delivery carries this number yet: the receipt came early and is tried again.
    """
    delivery = await Delivery.filter(provider_id=provider_id, channel=Channel.WECHAT).first()
    if delivery is None or delivery.state is DeliveryState.SENDING:
        return False
    columns = _received(status, clock.now())
    waiting = {"id": delivery.id, "state__in": (DeliveryState.SENT, DeliveryState.IN_DOUBT)}
    await settle(delivery, waiting, columns)  # a repeated receipt finds a final state and changes nothing
    return True


def _received(status: str, now: datetime) -> Columns:
    if status == "success":
        return _ended(DeliveryState.DELIVERED, now, "", "")
    if "user" in status:
        return _ended(DeliveryState.REFUSED, now, "user_block", "用户拒收服务号消息；请用户在服务号中重新开启消息提醒")
    return _ended(DeliveryState.FAILED, now, "system_failed", "微信系统发送失败；可在台账中重试")
