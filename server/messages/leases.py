"""Leases of deliveries: a compare-and-swap committed before any provider is called, alike on every engine."""

import secrets
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.expressions import F
from tortoise.queryset import QuerySet

from models.messages import Delivery, DeliveryState
from server import clock
from server.transactions import retried

LEASE = timedelta(seconds=60)  # longer than any call to a provider may take

# What may be taken when its time has come: a lapsed lease (sending) belongs to a worker that died.
DUE = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.IN_DOUBT)


async def lease_due(limit: int) -> list[Delivery]:
    """Take up to `limit` due deliveries for this caller alone, oldest first."""
    return await take(await due_ids(limit))


async def due_ids(limit: int) -> list[UUID]:
    due = Delivery.filter(state__in=DUE, next_at__lte=clock.now()).order_by("next_at").limit(limit)
    ids: list[Any] = await due.values_list("id", flat=True)
    return ids


async def take(ids: list[UUID]) -> list[Delivery]:
    """Those of them that are still due when this is written: a look is no claim."""
    if not ids:
        return []
    now, lease = clock.now(), secrets.token_hex(16)
    still_due = Delivery.filter(id__in=ids, state__in=DUE, next_at__lte=now)
    taken = {"state": DeliveryState.SENDING, "lease": lease, "leased_until": now + LEASE, "next_at": now + LEASE}
    await retried(lambda: still_due.update(**taken))
    return await Delivery.filter(lease=lease, state=DeliveryState.SENDING).order_by("id")


async def begin_attempts(leased: list[Delivery]) -> list[Delivery]:
    """Commit the attempt before the call, and return the deliveries whose lease still holds.

    `first_attempt_at` is the first attempt whose outcome is not known to be negative: with it set, the delivery may
    already have arrived (decisions D27).
    """
    if not leased:
        return []
    mine = Delivery.filter(lease=leased[0].lease, state=DeliveryState.SENDING, leased_until__gt=clock.now())
    for doubtful in (False, True):
        if ids := [row.id for row in leased if (row.first_attempt_at is not None) is doubtful]:
            await retried(partial(_count_attempt, mine.filter(id__in=ids), doubtful))
    held = set(await mine.filter(id__in=[row.id for row in leased]).values_list("id", flat=True))
    return [row for row in leased if row.id in held]


async def _count_attempt(rows: QuerySet[Delivery], doubtful: bool) -> int:
    first = {} if doubtful else {"first_attempt_at": clock.now()}
    return await rows.update(attempts=F("attempts") + 1, **first)
