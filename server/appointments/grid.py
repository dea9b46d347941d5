"""The seven-day grid: one round trip to Redis while the views are young, else one read of the table."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from models.applications import Application
from server import clock
from server.accounts.caller import Caller
from server.appointments.book import check_people
from server.appointments.calendar import Day
from server.appointments.places import SLOW_LOOK_SECONDS, Rows, capacity_of, offered_days, read_slots, slots_of
from server.appointments.slots import CLOSED, GateDown, Slot, SlotCounter
from server.businesses import catalogue
from server.errors import NotFound


@dataclass(frozen=True)
class GridSlot:
    """One slot as offered: `remaining` free places, `bookable` for the people and deadline that were asked for."""

    slot: Slot
    capacity: int
    remaining: int
    bookable: bool


@dataclass(frozen=True)
class GridDay:
    day: Day
    slots: tuple[GridSlot, ...]


Free = Mapping[Slot, int]  # free places, CLOSED on a closed day


async def read_grid(caller: Caller, people: int, application_ids: Sequence[UUID], free: Free) -> list[GridDay]:
    """The days 次日起 7 天 of a desk as it was seen, for the people and applications to be booked.

    Raises NotFound for an unknown application.
    """
    check_people(people)
    deadline = await _deadline(caller, application_ids)
    dates = sorted({slot.on for slot in free})
    return [_grid_day(on, [s for s in free if s.on == on], free, people, deadline) for on in dates]


async def _deadline(caller: Caller, application_ids: Sequence[UUID]) -> date | None:
    """The earliest 30-day deadline among the applications to be booked."""
    if not application_ids:
        return None
    rows = await Application.filter(id__in=list(application_ids), account_id=caller.account_id)
    if len(rows) != len(set(application_ids)):
        raise NotFound
    return min((row.expires_on for row in rows if row.expires_on), default=None)


def _grid_day(on: date, slots: Sequence[Slot], free: Free, people: int, deadline: date | None) -> GridDay:
    day = Day(on, closed=all(free[slot] == CLOSED for slot in slots))
    in_time = deadline is None or on <= deadline
    return GridDay(
        day,
        tuple(
            GridSlot(slot, capacity_of(slot, day), max(free[slot], 0), in_time and free[slot] >= people)
            for slot in slots
        ),
    )


async def free_places(slots: Sequence[Slot], *, gate: SlotCounter) -> list[int]:
    """Free places of slots of one desk (CLOSED on a closed day): in one round trip from the gate's views when all are
    believed, else from the table."""
    with suppress(GateDown):
        counted = await gate.count(slots)
        known = [free for free in counted if free is not None]
        if len(known) == len(slots):
            return known
    began = time.monotonic()
    found = await read_slots(slots)
    if time.monotonic() - began < SLOW_LOOK_SECONDS:
        with suppress(GateDown):
            await asyncio.gather(*(gate.fill(slot, *seen) for slot, seen in zip(slots, found, strict=True)))
    return [_free(capacity, rows) for capacity, rows in found]


def _free(room: int, rows: Rows) -> int:
    return room - sum(place <= room for place, _ in rows) if room else CLOSED


async def warm_grid(*, gate: SlotCounter) -> None:
    """Look at every desk's grid once a minute, so that a new day is not young when the rush comes."""
    dates = offered_days(clock.today())
    for desk in {business.desk for business in catalogue().businesses.values()}:
        await free_places(slots_of(desk, dates), gate=gate)
