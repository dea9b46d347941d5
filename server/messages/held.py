"""What a pause has held for too long goes another way: nobody misses a message because a channel stands still, and no
doubt lasts for as long as a pause."""

from datetime import timedelta
from typing import Any

from tortoise.queryset import QuerySet

from models.messages import WECHAT_CHANNELS, Delivery, DeliveryState, SendingPause
from server import clock
from server.messages.leases import BEGUN, still_due
from server.messages.outcomes import GIVE_UP_AFTER, paused, settle_or_put_off, unknown
from server.messages.texts import message_texts

SOON = timedelta(minutes=30)  # where an SMS can take over
AT_LAST = timedelta(hours=24)  # where nothing comes after it, so that it is worth waiting
_BATCH = 200


async def give_up_held() -> int:
    """Fail what has been held for too long, which opens the next channel, and end the doubts whose day has passed;
    returns how many."""
    given_up = 0
    for row in await SendingPause.all():
        given_up += await _give_up(row, SOON, _held(row.scope).filter(**_with_sms()))
        given_up += await _give_up(row, AT_LAST, _held(row.scope))
        given_up += await _end_doubts(row.scope)
    return given_up


def _held(scope: str) -> QuerySet[Delivery]:
    """Deliveries in doubt wait for their receipt, held or not."""
    return _in(scope).filter(state=DeliveryState.PENDING)


def _in(scope: str) -> QuerySet[Delivery]:
    kind, _, name = scope.partition(":")
    return Delivery.filter(channel=name) if kind == "channel" else Delivery.filter(template=name)


def _with_sms() -> dict[str, Any]:
    events = [name for name, texts in message_texts().events.items() if texts.contact_sms]
    return {"channel__in": list(WECHAT_CHANNELS), "event__in": events}


async def _give_up(row: SendingPause, patience: timedelta, held: QuerySet[Delivery]) -> int:
    given_up, since = 0, clock.now() - patience
    while row.created_at <= since and (batch := await held.filter(next_at__lte=since).limit(_BATCH)):
        for delivery in batch:
            expected = {"id": delivery.id, "state": DeliveryState.PENDING}
            given_up += await settle_or_put_off(delivery, expected, paused(clock.now()))
    return given_up


async def _end_doubts(scope: str) -> int:
    """Nobody else ends them: what is paused is not looked at."""
    ended, now = 0, clock.now()
    old = _in(scope).filter(state__in=BEGUN, next_at__lte=now, first_attempt_at__lte=now - GIVE_UP_AFTER)
    while batch := await old.limit(_BATCH):
        for delivery in batch:
            ended += await settle_or_put_off(delivery, still_due(delivery), unknown(now))
    return ended
