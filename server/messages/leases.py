"""Leases of deliveries: a compare-and-swap committed before any provider is called, alike on every engine."""

import secrets
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.expressions import F
from tortoise.queryset import QuerySet

from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.messages.pauses import held_scopes
from server.transactions import retried

LEASE = timedelta(seconds=60)  # longer than any call to a provider may take

# What may be taken when its time has come: a lapsed lease (sending) belongs to a worker that died.
BEGUN = (DeliveryState.SENDING, DeliveryState.IN_DOUBT)
DUE = (*BEGUN, DeliveryState.PENDING)


async def lease_due(channel: Channel, limit: int) -> list[Delivery]:
    """Take up to `limit` due deliveries of a channel for this caller alone, in the order of `due_ids`."""
    return await take(await due_ids(channel, limit))


async def due_ids(channel: Channel, limit: int) -> list[UUID]:
    """What is due and not paused: all that concerns one's own business before any notice to many, oldest first.

    However long a notice's queue, a reminder is in the next lease, for it is looked for first (ADR 6). Of a notice,
    what was begun comes first, as long as the provider still knows its repetitions (decisions D27); what is pending
    is looked for by itself, in the order of the index, so that a long queue is never sorted.
    """
    held = await held_scopes()
    if f"channel:{channel}" in held:
        return []
    due = Delivery.filter(channel=channel, next_at__lte=clock.now())
    if templates := [name for kind, _, name in (scope.partition(":") for scope in held) if kind == "template"]:
        due = due.exclude(template__in=templates)
    bulk = due.filter(bulk=True)
    ids: list[UUID] = []
    for part in (
        due.filter(bulk=False, state__in=DUE),
        bulk.filter(state__in=BEGUN),
        bulk.filter(state=DeliveryState.PENDING),
    ):
        ids += await _oldest(part, limit - len(ids))
    return ids


async def _oldest(due: QuerySet[Delivery], limit: int) -> list[UUID]:
    if limit <= 0:
        return []
    ids: list[Any] = await due.order_by("next_at").limit(limit).values_list("id", flat=True)
    return ids


async def take(ids: list[UUID]) -> list[Delivery]:
    """Those of them that are still due when this is written: a look is no claim."""
    if not ids:
        return []
    now, lease = clock.now(), secrets.token_hex(16)
    still_due = Delivery.filter(id__in=ids, state__in=DUE, next_at__lte=now)
    taken = {"state": DeliveryState.SENDING, "lease": lease, "leased_until": now + LEASE, "next_at": now + LEASE}
    await retried(lambda: still_due.update(**taken))
    return await Delivery.filter(lease=lease, state=DeliveryState.SENDING).order_by("bulk", "id")


async def begin_attempts(leased: list[Delivery]) -> list[Delivery]:
    """Commit the attempt before the call, and return the deliveries whose lease still holds.

    `first_attempt_at` is the first attempt whose outcome is not known to be negative: with it set, the delivery may
    already have arrived (decisions D27).
    """
    if not leased:
        return []
    mine = Delivery.filter(lease=leased[0].lease, state=DeliveryState.SENDING, leased_until__gt=clock.now())
    counted = 0
    for doubtful in (False, True):
        if ids := [row.id for row in leased if (row.first_attempt_at is not None) is doubtful]:
            counted += await retried(partial(_count_attempt, mine.filter(id__in=ids), doubtful))
    if counted == len(leased):
        return leased
    held = set(await mine.filter(id__in=[row.id for row in leased]).values_list("id", flat=True))
    return [row for row in leased if row.id in held]


async def _count_attempt(rows: QuerySet[Delivery], doubtful: bool) -> int:
    first = {} if doubtful else {"first_attempt_at": clock.now()}
    return await rows.update(attempts=F("attempts") + 1, **first)


async def give_back(leased: list[Delivery]) -> None:
    """What was leased and not begun is due again at once, for this worker stops."""
    if leased:
        ours = Delivery.filter(id__in=[row.id for row in leased], lease=leased[0].lease, state=DeliveryState.SENDING)
        await ours.update(next_at=clock.now(), leased_until=clock.now())
