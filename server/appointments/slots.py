"""What the slot gate is asked and answers, the times it lives by, and the choice of places."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import pairwise
from typing import NamedTuple, Protocol
from uuid import UUID

# A transaction lasts at most 5 s, and a view lives 5 s. Their sum stays below the life of a hold, so a row is in
# every believed view before its hold ends, and nothing has to be confirmed or reconciled.
VIEW_MS = 5_000
HOLD_MS = 15_000
DAY_MS = 86_400_000

CLOSED = -1  # instead of a number of free places, on a closed day

_TOKEN_DIGITS = 32


class Slot(NamedTuple):
    """One half hour of one desk: `on` is a Beijing date, `start` its wall-clock time HH:MM."""

    desk: str
    on: date
    start: str


@dataclass(frozen=True, slots=True)
class Taken:
    """The very places (1-12, ascending) this token may write to the table, as many as it asked for."""

    places: tuple[int, ...]


class Held(Taken):
    """The places were free and are now held for 15 s."""

    __slots__ = ()


class Mine(Taken):
    """The token already has these places, as a hold or as rows: an earlier try, or its twin."""

    __slots__ = ()


class NotTaken(Enum):
    """The answers without places."""

    FULL = "full"  # proof: refuse without asking the table
    SHUT = "shut"  # proof too: the desk is closed that day
    DOUBT = "doubt"  # no place is seen, but only the unique request key may refuse
    UNKNOWN = "unknown"  # there is no believed view: read the table, `fill`, ask again


FULL = NotTaken.FULL
SHUT = NotTaken.SHUT
DOUBT = NotTaken.DOUBT
UNKNOWN = NotTaken.UNKNOWN

Answer = Held | Mine | NotTaken


class GateDown(Exception):
    """Redis cannot be used now; the table decides alone. Whether the command was executed is not known."""


class SlotCounter(Protocol):
    """The atomic gate before the unique rows. Every method but `is_suspect` raises GateDown.

    Every call may be repeated: the token makes `take` idempotent, the others are by nature.
    """

    async def take(self, slot: Slot, token: str, people: int) -> Answer:
        """Hold `people` places for the token, all or none."""
        ...

    async def fill(self, slot: Slot, capacity: int, rows: Sequence[tuple[int, str]]) -> None:
        """Renew the view from the table: `rows` are the taken (place, token), capacity 0 on a closed day.

        Rows win, living holds stay, the rest is free. A load that took over a second is thrown away by the caller.
        """
        ...

    async def release(self, slot: Slot, token: str, *, places: Sequence[int] = (), stale: bool = False) -> None:
        """Give back the named places as far as the token has them, all of its holds when none is named.

        Name the places whose rows are gone from the table; a token's rows never go unnamed, for they may be its twin's.

        `stale`: the table contradicted the view; the next `take` reads the table.
        """
        ...

    async def drop(self, slot: Slot) -> None:
        """Stop believing the view, after staff changed capacity; holds stay."""
        ...

    async def count(self, slots: Sequence[Slot]) -> list[int | None]:
        """Free places of each slot of one desk in one round trip: CLOSED on a closed day, None where not believed."""
        ...

    def is_suspect(self) -> bool:
        """For one hold time after an error of Redis seen by this process, in which FULL and SHUT must be read as DOUBT.

        A failover may have brought back an older memory.
        """
        ...


def booking_token(account_id: UUID, key: str) -> str:
    """What the gate and the rows call a request: 32 hex, the same for every try with the same Idempotency-Key."""
    return hashlib.sha256(f"{account_id}:{key}".encode()).hexdigest()[:_TOKEN_DIGITS]


def choose(free: Sequence[int], people: int) -> tuple[int, ...]:
    """The earliest `people` neighbouring places of `free` (ascending), else the earliest ones; () when too few.

    Neighbours make one arrival window (2 people at 10:00 read 10:00-10:10). The gate's Lua chooses alike.
    """
    runs = (tuple(free[i : i + people]) for i in range(len(free) - people + 1))
    return next((run for run in runs if _are_neighbours(run)), tuple(free[:people]) if people <= len(free) else ())


def _are_neighbours(run: Sequence[int]) -> bool:
    return all(after == before + 1 for before, after in pairwise(run))
