"""Places for the length of one transaction: from the gate, or without Redis from the table behind a lock."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar
from weakref import WeakValueDictionary

from server.appointments.places import SLOW_LOOK_SECONDS, Rows, read_slot
from server.appointments.refusals import DayClosed, SlotFull
from server.appointments.slots import FULL, SHUT, UNKNOWN, Answer, GateDown, Slot, SlotCounter, Taken, choose
from server.failpoints import reach
from server.together import Together

T = TypeVar("T")
Record = Callable[[tuple[int, ...]], Awaitable[T]]  # writes rows at these places

_PROOFS: dict[Answer, type[Exception]] = {FULL: SlotFull, SHUT: DayClosed}
_LOADS = 3
NEW_ATTEMPT_SECONDS = 3.0  # no new attempt starts later than this after arrival (decisions D32)


class Doubt(Exception):
    """No place is seen, but only the unique request key may refuse (slots protocol, step 1).

    `shut`: the table says that the desk is closed (True), or full (False); None when it was not asked.
    """

    def __init__(self, shut: bool | None = None) -> None:
        super().__init__()
        self.shut = shut


class PlaceTaken(Exception):
    """The unique place key refused a row: the view was stale."""


class KeyKnown(Exception):
    """The unique request key refused a row: this request, or its twin, was here before."""


class CommitUnknown(Exception):
    """The connection broke after COMMIT was sent."""


async def with_held(slot: Slot, token: str, people: int, record: Record[T], *, gate: SlotCounter) -> T:
    """Run `record` with the very places to insert; gives back what it did not use.

    Raises SlotFull, DayClosed or Doubt, and what `record` raises. On success nothing is said to the gate: the hold
    outlives every view, and the next view shows the rows.
    """
    try:
        places = await _take(slot, token, people, gate)
    except GateDown:
        return await _without_gate(slot, people, record)
    await reach("booking.taken")
    try:
        return await record(places)
    except CommitUnknown:
        raise  # the rows may stand: the hold lapses by itself
    except (PlaceTaken, KeyKnown):
        await release(gate, slot, token, stale=True)
        raise
    except BaseException:
        await release(gate, slot, token)
        raise


async def release(
    gate: SlotCounter, slot: Slot, token: str, *, places: tuple[int, ...] = (), stale: bool = False
) -> None:
    """Give places back; when Redis cannot hear it, the hold or the view lapses by itself."""
    with suppress(GateDown):
        await gate.release(slot, token, places=places, stale=stale)


async def _take(slot: Slot, token: str, people: int, gate: SlotCounter) -> tuple[int, ...]:
    for _ in range(_LOADS):
        answer = await gate.take(slot, token, people)
        if isinstance(answer, Taken):
            return answer.places
        if answer is not UNKNOWN:
            raise _refusal(answer, gate)
        await load(slot, gate)
    raise GateDown  # the view never came to be believed: decide without it


def _refusal(answer: Answer, gate: SlotCounter) -> Exception:
    return Doubt() if gate.is_suspect() else _PROOFS.get(answer, Doubt)()


async def load(slot: Slot, gate: SlotCounter) -> None:
    """Renew one slot's view; one load a process and slot at a time, a slow one is thrown away."""
    table = _table(slot)
    waited = table.loading.locked()
    async with table.loading:
        if waited:
            return  # somebody just did it
        began = time.monotonic()
        capacity, rows = await read_slot(slot)
        if time.monotonic() - began < SLOW_LOOK_SECONDS:
            await gate.fill(slot, capacity, rows)


async def _without_gate(slot: Slot, people: int, record: Record[T]) -> T:
    """At most one transaction a process competes for a slot; the unique keys decide between processes.

    Whom the table shows no place needs no turn: those who look at the same time look together. A place that another
    process was faster to sell is no reason to refuse: the next one is tried until none is left.
    """
    table, arrived = _table(slot), time.monotonic()
    await table.places(people, arrived)
    async with table.turn:
        while time.monotonic() - arrived < NEW_ATTEMPT_SECONDS:
            with suppress(PlaceTaken):
                return await record(await table.places(people, arrived))
    raise PlaceTaken


class _Table:
    """One slot's rows, as the bookers of one process share them."""

    def __init__(self, slot: Slot) -> None:
        self.loading, self.turn = asyncio.Lock(), asyncio.Lock()
        self._look = Together(partial(_read, slot))
        self._asked_at = 0.0
        self._capacity, self._free = 0, list[int]()

    async def places(self, people: int, arrived: float) -> tuple[int, ...]:
        """The places that the table has for so many people. Raises Doubt when it has too few.

        That it has too few is known to all who had `arrived` when it was asked: they need not ask one after the other.
        """
        if self._asked_at <= arrived or choose(self._free, people):
            asked_at = time.monotonic()
            self._capacity, rows = await self._look(None)
            taken = {place for place, _ in rows}
            self._free = [place for place in range(1, self._capacity + 1) if place not in taken]
            self._asked_at = asked_at
        if places := choose(self._free, people):
            return places
        raise Doubt(shut=self._capacity == 0)


async def _read(slot: Slot, askers: Sequence[None]) -> list[tuple[int, Rows]]:
    return [await read_slot(slot)] * len(askers)


_tables: WeakValueDictionary[Slot, _Table] = WeakValueDictionary()


def _table(slot: Slot) -> _Table:
    return _tables.setdefault(slot, _Table(slot))
