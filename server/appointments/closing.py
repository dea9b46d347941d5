"""Staff's hand on the calendar: close or open a day at a desk, and lower or raise a slot's places."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from models.appointments import Appointment, AppointmentState, DayOverride, Visit
from server import clock
from server.applications.advance import Operator
from server.appointments.change import cancel
from server.appointments.places import CLOSED_TOKEN, closed_rows, slots_of
from server.appointments.refusals import AppointmentConflict, CapacityInUse, DayHasBookings, DayNotCleared, NoSuchSlot
from server.appointments.slots import GateDown, Slot, SlotCounter
from server.audit.trail import Actor, record
from server.businesses import catalogue
from server.transactions import in_transaction, retried, up_to_date

_ROUNDS = 5  # of closing and cancelling; the second finds nothing left unless somebody is very quick


class OnBookings(StrEnum):
    """What becomes of live bookings of a day that staff close (decisions D21)."""

    REFUSE = "refuse"
    CANCEL = "cancel"  # 取消并通知


@dataclass(frozen=True)
class DayOrder:
    desk: str
    on: date
    closed: bool
    reason: str = ""
    on_bookings: OnBookings = OnBookings.REFUSE


async def set_day(order: DayOrder, operator: Operator, *, gate: SlotCounter) -> None:
    """Close or open a day. Raises DayHasBookings when it has live ones and they are not to be cancelled, DayNotCleared
    when some could not be."""
    slots = slots_of(order.desk, [order.on])
    if order.closed and order.on_bookings is OnBookings.REFUSE:
        await _have_the_last_word(lambda: _close_if_empty(order, slots, operator))
    else:
        await _have_the_last_word(lambda: _override(order, operator))
    await _forget(slots, gate)
    if order.closed and order.on_bookings is OnBookings.CANCEL:
        await _clear(order, slots, operator, gate)


async def _close_if_empty(order: DayOrder, slots: list[Slot], operator: Operator) -> None:
    async with in_transaction():
        await _write_override(order, operator)
        try:
            for slot in slots:
                await _close(slot, _all_places(slot), but=_closed(order.desk, order.on))
        except IntegrityError as booked:
            raise DayHasBookings from booked


async def _override(order: DayOrder, operator: Operator) -> None:
    async with in_transaction():
        await _write_override(order, operator)
        if not order.closed:
            await _reopen(_closed(order.desk, order.on))


async def _write_override(order: DayOrder, operator: Operator) -> None:
    """Raises IntegrityError when somebody else had the first word of this day just now."""
    day = f"{order.desk}:{order.on}"
    said: dict[str, Any] = {"closed": order.closed, "reason": order.reason, "set_by": operator.id}
    said["created_at"] = clock.now()
    if not await DayOverride.filter(id=day).update(**said):
        await DayOverride.create(id=day, desk=order.desk, on_date=order.on, **said)
    actor = Actor(operator.id, operator.name)
    await record(actor, "calendar.set", "day", day, reason=order.reason, closed=order.closed)


async def _have_the_last_word(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await retried(work)
    except IntegrityError:
        await retried(work)  # the day has its row now


async def _clear(order: DayOrder, slots: list[Slot], operator: Operator, gate: SlotCounter) -> None:
    """Until the table itself keeps everybody out: who saw the day still open may book, move and cancel meanwhile."""
    for _ in range(_ROUNDS):
        with suppress(IntegrityError):  # booked just now: found in the next round
            await retried(lambda: _close_what_is_free(slots))
        await _cancel_all(order, operator, gate)
        if await _is_shut(order, slots):
            return
    raise DayNotCleared


async def _close_what_is_free(slots: list[Slot]) -> None:
    async with in_transaction():
        for slot in slots:
            await _close(slot, _all_places(slot), but=_held(slot.desk, slot.on))


async def _cancel_all(order: DayOrder, operator: Operator, gate: SlotCounter) -> None:
    """Cancel appointment by appointment: each is told, and its places stay closed."""
    live = Appointment.filter(desk=order.desk, on_date=order.on, state=AppointmentState.SUCCESS)
    for appointment in await live.order_by("id"):
        with suppress(AppointmentConflict):  # everyone is being served, or it changed just now: the next round sees
            await cancel(appointment.id, operator, "day_closed", gate=gate, closing=True)


async def _is_shut(order: DayOrder, slots: list[Slot]) -> bool:
    """Every place is closed by a row, or belongs to somebody who is being served or was: seen at one moment."""
    async with up_to_date():
        held = await _held(order.desk, order.on)
    kept = [v for v in held if v.token == CLOSED_TOKEN or v.checked_in_at or v.outcome]
    return len(kept) == len(held) == sum(len(_all_places(slot)) for slot in slots)


async def set_capacity(slot: Slot, places: int, operator: Operator, *, gate: SlotCounter) -> None:
    """Offer only the first `places` places of a slot. Raises NoSuchSlot, or CapacityInUse when one above is booked."""
    full = _capacity(slot)

    async def work() -> None:
        async with in_transaction():
            closed = _closed(slot.desk, slot.on)
            await _reopen(closed.filter(start=slot.start))
            try:
                await _close(slot, range(places + 1, full + 1), but=closed)
            except IntegrityError as booked:
                raise CapacityInUse from booked
            actor = Actor(operator.id, operator.name)
            await record(actor, "slot.capacity", "slot", f"{slot.desk}:{slot.on}:{slot.start}", places=places)

    await retried(work)
    await _forget([slot], gate)


def _held(desk: str, on: date) -> QuerySet[Visit]:
    """The rows that hold a place: people's, and those by which staff keep it closed."""
    return Visit.filter(desk=desk, on_date=on, place_no__isnull=False)


def _closed(desk: str, on: date) -> QuerySet[Visit]:
    return _held(desk, on).filter(token=CLOSED_TOKEN)


async def _close(slot: Slot, places: range, *, but: QuerySet[Visit]) -> None:
    """Close these places, but for those of these rows. Raises IntegrityError when somebody else holds one."""
    left_out = {row.place_no for row in await but.filter(start=slot.start)}
    await Visit.bulk_create(closed_rows(slot, [place for place in places if place not in left_out]))


async def _reopen(closed: QuerySet[Visit]) -> None:
    await closed.update(place_no=None)


async def _forget(slots: list[Slot], gate: SlotCounter) -> None:
    """The views are read anew; without Redis they lapse by themselves."""
    for slot in slots:
        try:
            await gate.drop(slot)
        except GateDown:
            return


def _all_places(slot: Slot) -> range:
    return range(1, _capacity(slot) + 1)


def _capacity(slot: Slot) -> int:
    offered = catalogue().appointments.slot_at.get(slot.start)
    if offered is None:
        raise NoSuchSlot(field="start")
    return offered.capacity
