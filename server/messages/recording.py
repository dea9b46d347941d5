"""Writes outcomes: those without consequences many to a statement, each of the others in a transaction of its own."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from models.messages import Delivery, DeliveryState
from server.messages.outcomes import Columns, is_alone, record
from server.together import Together
from server.transactions import retried

Recorded = tuple[Delivery, Columns]


class Recorder:
    """Of one worker. An outcome is written at once; those that come while that is under way are written together."""

    def __init__(self) -> None:
        self._alone = Together(_write)

    async def record(self, delivery: Delivery, columns: Columns) -> bool:
        """As `outcomes.record`: False when the lease is no longer ours."""
        if is_alone(delivery, columns):
            return await self._alone((delivery, columns))
        return await record(delivery, columns)


async def _write(recorded: Sequence[Recorded]) -> list[bool]:
    """One statement for all that set the same columns."""
    alike: dict[tuple[str, ...], list[Delivery]] = defaultdict(list)
    for delivery, columns in recorded:
        delivery.update_from_dict(columns)
        alike[tuple(columns)].append(delivery)
    kept = [await retried(partial(_write_alike, rows, names)) for names, rows in alike.items()]
    ours: set[UUID] = set().union(*kept)
    return [delivery.id in ours for delivery, _ in recorded]


async def _write_alike(rows: list[Delivery], names: tuple[str, ...]) -> set[UUID]:
    """The ids of those whose lease was still ours."""
    ids = {row.id for row in rows}
    mine = Delivery.filter(id__in=ids, lease__in={row.lease for row in rows})
    if await mine.filter(state=DeliveryState.SENDING).bulk_update(rows, names) == len(ids):
        return ids
    written: list[Any] = await mine.exclude(state=DeliveryState.SENDING).values_list("id", flat=True)
    return set(written)
