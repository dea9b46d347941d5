"""Leases of deliveries: a compare-and-swap committed before any provider is called, alike on every engine."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q
from tortoise.functions import Coalesce
from tortoise.queryset import QuerySet

from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.messages.pauses import held_scopes
from server.messages.tries import COLUMNS, Sendable, Try
from server.transactions import retried

LEASE = timedelta(seconds=60)
LONGEST_CALL = timedelta(seconds=30)  # to a provider: WeChat's with a token fetched and refused meanwhile

# What may be taken when its time has come: a lapsed lease (sending) belongs to a worker that died.
BEGUN = (DeliveryState.SENDING, DeliveryState.IN_DOUBT)
DUE = (*BEGUN, DeliveryState.PENDING)


async def due(channel: Channel, limit: int) -> list[Try]:
    """What is due and not paused: all that concerns one's own business before any notice to many, oldest first.

    A look is no claim: whoever wants to send takes them. However long a notice's queue, a reminder is in the next
    look, for it is looked for first (ADR 6). Of a notice, what was begun comes first, as long as the provider still
    knows its repetitions (decisions D27); what is pending is looked for by itself, in the order of the index, so that
    a long queue is never sorted.
    """
    held = await held_scopes()
    if f"channel:{channel}" in held:
        return []
    found = Delivery.filter(channel=channel, next_at__lte=clock.now())
    if templates := [name for kind, _, name in (scope.partition(":") for scope in held) if kind == "template"]:
        found = found.exclude(template__in=templates)
    begun_of_notices = Q(bulk=True, state__in=BEGUN)
    first = await _oldest(found.filter(Q(bulk=False, state__in=DUE) | begun_of_notices), limit, channel)
    return first + await _oldest(found.filter(bulk=True, state=DeliveryState.PENDING), limit - len(first), channel)


async def _oldest(due: QuerySet[Delivery], limit: int, channel: Channel) -> list[Try]:
    if limit <= 0:
        return []
    rows: list[Any] = await due.order_by("bulk", "next_at").limit(limit).values_list(*COLUMNS)
    return [Try(channel, *row) for row in rows]


async def take(seen: Sequence[Try]) -> list[Try]:
    """Lease those of them that nobody has taken since they were seen, and commit the attempt that follows at once.

    An attempt is counted once for all, so its number tells whether a row is still as it was seen. They are returned
    as they were before this attempt, but for their lease.
    """
    lease, until = secrets.token_hex(16), clock.now() + LEASE
    for rows in _by_attempts(seen).values():
        for row in await _lease(rows, lease, until):
            row.lease, row.leased_until = lease, until
    return [row for row in seen if row.lease]


def has_time(taken: Try) -> bool:
    """Enough of its lease is left for a call: were it to lapse meanwhile, another worker would call as well."""
    return taken.leased_until is not None and clock.now() + LONGEST_CALL <= taken.leased_until


def still_due(row: Sendable) -> dict[str, Any]:
    """What is true of a row as long as nobody has taken it since it was seen."""
    return {"id": row.id, **_as_seen(row)}


def _as_seen(row: Sendable) -> dict[str, Any]:
    return {"attempts": row.attempts, "state__in": DUE, "next_at__lte": clock.now()}


def _by_attempts(seen: Sequence[Try]) -> dict[int, list[Try]]:
    found: dict[int, list[Try]] = {}
    for row in seen:
        found.setdefault(row.attempts, []).append(row)
    return found


async def _lease(rows: list[Try], lease: str, until: datetime) -> list[Try]:
    """All of as many attempts. `first_attempt_at` is the first attempt whose outcome is not known to be negative:
    with it set, the delivery may already have arrived (decisions D27)."""
    ids = [row.id for row in rows]
    written = {
        "state": DeliveryState.SENDING,
        "lease": lease,
        "leased_until": until,
        "next_at": until,
        "attempts": rows[0].attempts + 1,
        "first_attempt_at": Coalesce("first_attempt_at", clock.now()),
    }
    if await retried(lambda: Delivery.filter(id__in=ids, **_as_seen(rows[0])).update(**written)) == len(ids):
        return rows
    ours = set(await Delivery.filter(id__in=ids, lease=lease).values_list("id", flat=True))
    return [row for row in rows if row.id in ours]


async def give_back(waiting: Sequence[Try]) -> None:
    """What was taken and not begun is due again at once and as it was: no attempt was made."""
    leases, now = {row.lease for row in waiting}, clock.now()
    for attempts, rows in _by_attempts(waiting).items():
        for first in {row.first_attempt_at for row in rows}:
            ids = [row.id for row in rows if row.first_attempt_at == first]
            ours = Delivery.filter(id__in=ids, lease__in=leases, state=DeliveryState.SENDING)
            await ours.update(attempts=attempts, first_attempt_at=first, next_at=now, leased_until=now)
