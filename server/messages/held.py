"""What a pause has held for too long goes another way: nobody misses a message because a channel stands still."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tortoise.queryset import QuerySet

from models.messages import Channel, Delivery, DeliveryState, SendingPause
from server import clock
from server.messages.outcomes import paused, settle

# Another channel takes over soon; after the text message there is none, so it is worth waiting for a day.
PATIENCE: Mapping[Channel, timedelta] = {
    Channel.WECHAT: timedelta(minutes=30),
    Channel.MINI_PROGRAM: timedelta(minutes=30),
    Channel.SMS: timedelta(hours=24),
}
_BATCH = 200


async def give_up_held() -> int:
    """Fail what has been held longer than its channel's patience, which opens the next channel; returns how many."""
    given_up = 0
    for row in await SendingPause.all():
        for channel, patience in PATIENCE.items():
            if row.created_at <= clock.now() - patience:
                given_up += await _give_up(_held(row.scope, channel).filter(next_at__lte=clock.now() - patience))
    return given_up


def _held(scope: str, channel: Channel) -> QuerySet[Delivery]:
    """Deliveries in doubt wait for their receipt, held or not."""
    kind, _, name = scope.partition(":")
    wanted: dict[str, Any] = {"channel": name} if kind == "channel" else {"template": name}
    return Delivery.filter(state=DeliveryState.PENDING, channel=channel).filter(**wanted)


async def _give_up(held: QuerySet[Delivery]) -> int:
    given_up = 0
    while batch := await held.limit(_BATCH):
        for delivery in batch:
            expected = {"id": delivery.id, "state": DeliveryState.PENDING}
            given_up += await settle(delivery, expected, paused(clock.now()))
    return given_up
