"""What an outcome makes of a delivery, and recording it with all that follows from it (decisions D24, D27)."""

import logging
import random
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.messages.channels import Delivered, Failed, InDoubt, Outcome, Receipt, Refused, Sent, TryLater
from server.messages.consequences import follow
from server.messages.matching import meant_by
from server.messages.quiet import due_at
from server.messages.tries import Sendable
from server.transactions import in_transaction, retried

REPEAT_FOR = timedelta(minutes=8)  # the provider knows a client_msg_id again for ten
_LAST_REPEAT = REPEAT_FOR - timedelta(seconds=20)
GIVE_UP_AFTER = timedelta(hours=24)
_DELAYS = (10, 40, 120, 300)  # seconds before the second to fifth try: about eight minutes in all
_ATTEMPTS = len(_DELAYS) + 1
# Channels that know no message id of ours: what may have arrived is never sent again, a receipt settles it.
WITHOUT_ID = frozenset({Channel.MINI_PROGRAM, Channel.SMS})
PAUSES = "pauses"  # beside the columns: the scope that a failure holds
_PUT_OFF = timedelta(minutes=1)

_log = logging.getLogger("zcgl")

Columns = dict[str, Any]


def after(outcome: Outcome, delivery: Sendable, now: datetime) -> Columns:
    """The columns that `outcome` gives to a delivery as it was leased, before this attempt was counted."""
    match outcome:
        case Sent(provider_id=""):
            return _accepted(delivery, now)
        case Sent(provider_id=provider_id):
            return {"state": DeliveryState.SENT, "provider_id": provider_id, "error_code": "", "reason": ""}
        case Refused() | Failed():
            return _received(outcome, now)
        case InDoubt():
            return _in_doubt(outcome, delivery, now)
        case TryLater():
            return _later(outcome, delivery, now)


def lapsed(delivery: Sendable, now: datetime) -> Columns | None:
    """A delivery that may have arrived and must not be sent again: waits for its receipt, or is given up."""
    first = delivery.first_attempt_at
    if first is None or (now < first + REPEAT_FOR and delivery.channel not in WITHOUT_ID):
        return None
    if now < first + GIVE_UP_AFTER:
        return _unrepeatable(first, "已发出但未收到回答")
    return unknown(now)


def unknown(now: datetime) -> Columns:
    return _ended(DeliveryState.FAILED, now, "unknown", "结果未知：已发出，24小时内没有收到回执")


def paused(now: datetime) -> Columns:
    return _ended(DeliveryState.FAILED, now, "paused", "渠道或模板暂停发送已久，有短信的已改发短信；恢复发送后可重试")


def superseded(now: datetime, reason: str) -> Columns:
    return _ended(DeliveryState.SUPERSEDED, now, "", reason)


def _ended(state: DeliveryState, now: datetime, code: str, reason: str) -> Columns:
    return {"state": state, "ended_at": now, "error_code": code[:32], "reason": reason[:300]}


def _doubted(delivery: Sendable, now: datetime, code: str, reason: str) -> Columns:
    """Repeated ever later, the last time shortly before the provider forgets its name."""
    first = delivery.first_attempt_at or now
    again, last = now + _delay(delivery.attempts), first + _LAST_REPEAT
    due = min(again, last) if now < last else first + GIVE_UP_AFTER
    return {"state": DeliveryState.IN_DOUBT, "next_at": due, "error_code": code[:32], "reason": reason[:300]}


def _accepted(delivery: Sendable, now: datetime) -> Columns:
    """Without a number: WeChat's receipt of a subscribe message names person and template, other channels send none."""
    if delivery.channel is Channel.MINI_PROGRAM:
        return {"state": DeliveryState.SENT, "error_code": "", "reason": ""}
    return _ended(DeliveryState.DELIVERED, now, "", "")


def _in_doubt(outcome: InDoubt, delivery: Sendable, now: datetime) -> Columns:
    if outcome.repeatable:
        return _doubted(delivery, now, "in_doubt", outcome.reason)
    return _unrepeatable(delivery.first_attempt_at or now, outcome.reason)


def _unrepeatable(first: datetime, reason: str) -> Columns:
    """Looked at again only to be given up."""
    wait = {"state": DeliveryState.IN_DOUBT, "next_at": first + GIVE_UP_AFTER}
    return wait | {"error_code": "in_doubt", "reason": reason[:300]}


def _later(outcome: TryLater, delivery: Sendable, now: datetime) -> Columns:
    """Definitely not accepted this time; an earlier attempt in doubt stays in doubt."""
    if delivery.first_attempt_at is not None:
        return _doubted(delivery, now, outcome.code, outcome.reason)
    counts = outcome.counts or now >= delivery.created_at + GIVE_UP_AFTER
    if counts and delivery.attempts + 1 >= _ATTEMPTS:
        return _ended(DeliveryState.FAILED, now, outcome.code, f"已尝试{_ATTEMPTS}次：{outcome.reason}")
    asked = timedelta(seconds=outcome.seconds)
    wait = max(_delay(delivery.attempts), asked) if delivery.attempts else asked  # the first time at its word
    return {
        "state": DeliveryState.PENDING,
        "first_attempt_at": None,
        "next_at": due_at(now + wait, delivery.event),
        "error_code": outcome.code[:32],
        "reason": outcome.reason[:300],
    } | ({} if counts else {"attempts": delivery.attempts})


def _delay(attempts_before: int) -> timedelta:
    base = _DELAYS[min(attempts_before, len(_DELAYS) - 1)]
    return timedelta(seconds=base * random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, hides nothing


async def record(delivery: Sendable, columns: Columns) -> bool:
    """Write the outcome if the lease is still ours, with what follows from it. False: it is not."""
    mine = {"id": delivery.id, "lease": delivery.lease, "state": DeliveryState.SENDING}
    return await settle(delivery, mine, columns)


async def settle(delivery: Sendable, expected: dict[str, Any], columns: Columns) -> bool:
    """Compare-and-swap from `expected` to `columns`; final states are never among the expected."""
    if is_alone(delivery, columns):
        return await retried(lambda: Delivery.filter(**expected).update(**columns)) == 1
    return await retried(partial(_settle_with_consequences, delivery, expected, columns))


async def settle_or_put_off(delivery: Sendable, expected: dict[str, Any], columns: Columns) -> bool:
    """`settle`, of one among many: a fault of ours is logged, and the row comes after those that it would hold up."""
    try:
        return await settle(delivery, expected, columns)
    except Exception:  # noqa: BLE001 - of one delivery; a database that is gone is met again in the next line
        _log.exception("delivery_fault")
        await Delivery.filter(**expected).update(next_at=clock.now() + _PUT_OFF)
        return False


def is_alone(delivery: Sendable, columns: Columns) -> bool:
    """Nothing follows from it: neither another channel nor a change of credits."""
    state = columns["state"]
    if state in (DeliveryState.REFUSED, DeliveryState.FAILED):
        return False
    return delivery.channel is not Channel.MINI_PROGRAM or state not in (DeliveryState.SENT, DeliveryState.DELIVERED)


async def _settle_with_consequences(delivery: Sendable, expected: dict[str, Any], columns: Columns) -> bool:
    written = {name: value for name, value in columns.items() if name != PAUSES}
    async with in_transaction():
        if await Delivery.filter(**expected).update(**written) != 1:
            return False
        await follow(delivery, written["state"], written["error_code"], written["reason"], columns.get(PAUSES, ""))
        return True


async def settle_receipt(channel: Channel, receipt: Receipt) -> bool:
    """The provider's later word on a message it accepted, or that is in doubt.

    False when no delivery carries this number yet: the receipt came early and is tried again. A repeated one finds a
    final state and changes nothing.
    """
    delivery = await meant_by(channel, receipt)
    if delivery is None or delivery.state is DeliveryState.SENDING:
        return False
    columns = _received(receipt.outcome, clock.now()) | {"provider_id": receipt.provider_id}
    waiting = {"id": delivery.id, "state__in": (DeliveryState.SENT, DeliveryState.IN_DOUBT)}
    if await settle(delivery, waiting, columns) or not receipt.address:
        return True
    return await Delivery.exists(channel=channel, provider_id=receipt.provider_id)  # else another receipt was quicker


def _received(outcome: Delivered | Refused | Failed, now: datetime) -> Columns:
    match outcome:
        case Delivered():
            return _ended(DeliveryState.DELIVERED, now, "", "")
        case Refused(code=code, reason=reason):
            return _ended(DeliveryState.REFUSED, now, code, reason)
        case Failed(code=code, reason=reason, pauses=scope):
            return _ended(DeliveryState.FAILED, now, code, reason) | ({PAUSES: scope} if scope else {})
