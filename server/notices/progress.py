"""How far a notice has come, counted from its deliveries."""

from collections import Counter
from dataclasses import dataclass

from tortoise.functions import Count

from models.messages import Delivery, DeliveryState
from models.notices import Notice
from server.messages.undone import notice_occurrence

_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING)


@dataclass(frozen=True)
class Progress:
    """`told`: accounts with the message in the app. The others count WeChat messages: `pending` not sent yet, `sent`
    accepted by WeChat with the receipt to come, `superseded` not sent because the notice was cancelled."""

    told: int
    pending: int
    sent: int
    in_doubt: int
    delivered: int
    refused: int
    failed: int
    superseded: int


async def progress_of(notice: Notice) -> Progress:
    mine = Delivery.filter(occurrence=notice_occurrence(notice.id))
    rows = await mine.annotate(n=Count("id")).group_by("state").values_list("state", "n")
    counts = Counter({DeliveryState(state): int(n) for state, n in rows})
    return Progress(
        told=notice.told,
        pending=sum(counts[state] for state in _WAITING),
        sent=counts[DeliveryState.SENT],
        in_doubt=counts[DeliveryState.IN_DOUBT],
        delivered=counts[DeliveryState.DELIVERED],
        refused=counts[DeliveryState.REFUSED],
        failed=counts[DeliveryState.FAILED],
        superseded=counts[DeliveryState.SUPERSEDED],
    )
