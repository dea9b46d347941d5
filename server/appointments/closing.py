"""Staff's hand on the calendar: close or open a day at a desk, and lower or raise a slot's places."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from models.appointments import Appointment, AppointmentState, DayOverride, Visit
from server import clock
from server.applications.advance import Operator
from server.appointments.change import cancel
from server.appointments.places import CLOSED_TOKEN, closed_rows, slots_of
from server.appointments.refusals import AppointmentConflict, CapacityInUse, DayHasBookings, NoSuchSlot
from server.appointments.slots import GateDown, Slot, SlotCounter
from server.audit.trail import Actor, record
from server.businesses import catalogue
from server.transactions import in_transaction, retried


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
    """Close or open a day. Raises DayHasBookings when it has live ones and they are not to be cancelled."""
    slots = slots_of(order.desk, [order.on])
    if order.closed and order.on_bookings is OnBookings.REFUSE:
        await retried(lambda: _close_if_empty(order, slots, operator))
    else:
        await retried(lambda: _override(order, operator))
    await _forget(slots, gate)
    if order.closed and order.on_bookings is OnBookings.CANCEL:
        await _cancel_all(order, operator, gate)


async def _close_if_empty(order: DayOrder, slots: list[Slot], operator: Operator) -> None:
    async with in_transaction():
        await _write_override(order, operator)
        try:
            for slot in slots:
                await _close_free(slot, range(1, _capacity(slot) + 1))
        except IntegrityError as booked:
            raise DayHasBookings from booked


async def _override(order: DayOrder, operator: Operator) -> None:
    async with in_transaction():
        await _write_override(order, operator)
        if not order.closed:
            await _reopen(Visit.filter(desk=order.desk, on_date=order.on, token=CLOSED_TOKEN))


async def _write_override(order: DayOrder, operator: Operator) -> None:
    await DayOverride.filter(desk=order.desk, on_date=order.on).delete()
    await DayOverride.create(
        id=f"{order.desk}:{order.on}",
        desk=order.desk,
        on_date=order.on,
        closed=order.closed,
        reason=order.reason,
        set_by=operator.id,
        created_at=clock.now(),
    )
    actor = Actor(operator.id, operator.name)
    await record(actor, "calendar.set", "day", f"{order.desk}:{order.on}", reason=order.reason, closed=order.closed)


async def _cancel_all(order: DayOrder, operator: Operator, gate: SlotCounter) -> None:
    """Cancel appointment by appointment: each is told, and its places stay closed."""
    live = Appointment.filter(desk=order.desk, on_date=order.on, state=AppointmentState.SUCCESS)
    for appointment in await live.order_by("id"):
        try:
            await cancel(appointment.id, operator, "day_closed", gate=gate, close_places=True)
        except AppointmentConflict:
            continue  # its owner cancelled it, or people are being served: nothing left to undo


async def set_capacity(slot: Slot, places: int, operator: Operator, *, gate: SlotCounter) -> None:
    """Offer only the first `places` places of a slot. Raises NoSuchSlot, or CapacityInUse when one above is booked."""
    full = _capacity(slot)

    async def work() -> None:
        async with in_transaction():
            closed = Visit.filter(desk=slot.desk, on_date=slot.on, start=slot.start, token=CLOSED_TOKEN)
            await _reopen(closed)
            try:
                await _close_free(slot, range(places + 1, full + 1))
            except IntegrityError as booked:
                raise CapacityInUse from booked
            actor = Actor(operator.id, operator.name)
            await record(actor, "slot.capacity", "slot", f"{slot.desk}:{slot.on}:{slot.start}", places=places)

    await retried(work)
    await _forget([slot], gate)


async def _close_free(slot: Slot, places: range) -> None:
    """Close these places unless they are closed already. Raises IntegrityError when a live booking holds one."""
    rows = Visit.filter(desk=slot.desk, on_date=slot.on, start=slot.start, token=CLOSED_TOKEN)
    closed = {row.place_no for row in await rows.filter(place_no__isnull=False)}
    await Visit.bulk_create(closed_rows(slot, [place for place in places if place not in closed]))


async def _reopen(closed: QuerySet[Visit]) -> None:
    await closed.filter(place_no__isnull=False).update(place_no=None)


async def _forget(slots: list[Slot], gate: SlotCounter) -> None:
    """The views are read anew; without Redis they lapse by themselves."""
    for slot in slots:
        try:
            await gate.drop(slot)
        except GateDown:
            return


def _capacity(slot: Slot) -> int:
    offered = catalogue().appointments.slot_at.get(slot.start)
    if offered is None:
        raise NoSuchSlot(field="start")
    return offered.capacity
