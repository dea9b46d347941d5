"""The seven-day grid, and staff's hand on it."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import cast
from uuid import UUID

import pytest

from models.applications import State
from models.appointments import Appointment, AppointmentState
from models.messages import Message
from server import clock
from server.appointments import closing
from server.appointments.calendar import Day, public_day
from server.appointments.closing import DayOrder, OnBookings, set_capacity, set_day
from server.appointments.desk import check_in, complete
from server.appointments.grid import GridDay, GridSlot, read_grid
from server.appointments.grid_memory import GridMemory
from server.appointments.places import calendar_warning, capacity_of, days_of, offered_days, slots_of
from server.appointments.refusals import (
    AppointmentConflict,
    CapacityInUse,
    DayClosed,
    DayHasBookings,
    DayNotCleared,
    SlotFull,
)
from server.appointments.slots import Answer, Slot, SlotCounter
from server.businesses import Catalogue, catalogue, use_catalogue
from server.errors import NotFound
from tests.world import Party, World, people_in, state_of


async def read(firm: Party, people: int, ids: Sequence[UUID] = ()) -> list[GridDay]:
    seen = await GridMemory().look(firm.world.desk, gate=firm.world.gate)
    return await read_grid(firm.caller, people, ids, seen.free)


async def cell(firm: Party, start: str = "10:00", *, people: int = 1, ids: tuple = ()) -> GridSlot:
    days = await read(firm, people, ids)
    day = next(d for d in days if d.day.on == firm.world.day)
    return next(s for s in day.slots if s.slot.start == start)


async def test_seven_days_from_tomorrow_with_five_slots_of_twelve(world: World) -> None:
    firm = await world.firm()

    days = await read(firm, 2, ())

    assert [d.day.on for d in days] == offered_days(clock.today())
    assert [d.day.closed for d in days] == [public_day(on).closed for on in offered_days(clock.today())]
    open_day = next(d for d in days if not d.day.closed)
    assert [s.slot.start for s in open_day.slots] == ["09:00", "10:00", "13:30", "14:30", "15:30"]
    assert {(s.remaining, s.bookable) for s in open_day.slots} == {(12, True)}


async def test_the_grid_counts_what_is_booked(world: World) -> None:
    firm = await world.firm()
    await cell(firm)
    await firm.book(people=11)

    assert (await cell(firm)).remaining == 1
    assert not (await cell(firm, people=2)).bookable


async def test_days_past_the_deadline_are_not_bookable(world: World) -> None:
    firm = await world.firm()
    ids = await firm.approved(days=(world.day - clock.today()).days)

    days = await read(firm, 1, ids)

    assert {d.day.on: any(s.bookable for s in d.slots) for d in days if not d.day.closed} == {
        on: on <= world.day for on in offered_days(clock.today()) if not public_day(on).closed
    }


async def test_a_strangers_application_gives_no_deadline(world: World) -> None:
    firm, stranger = await world.firm(), await world.firm()

    with pytest.raises(NotFound):
        await read(stranger, 1, await firm.approved())


async def test_an_empty_day_closes_and_opens_again(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    await cell(firm)

    await set_day(DayOrder(world.desk, world.day, True, "台风"), clerk, gate=world.gate)
    closed = await cell(firm)
    with pytest.raises(DayClosed):
        await firm.book()
    await set_day(DayOrder(world.desk, world.day, False), clerk, gate=world.gate)

    assert (closed.remaining, closed.bookable) == (0, False)
    assert (await firm.book()).window_from == "10:00"


async def test_a_day_closed_by_staff_says_why(world: World) -> None:
    await set_day(DayOrder(world.desk, world.day, True, "台风"), await world.clerk(), gate=world.gate)

    assert (await days_of(world.desk, [world.day]))[world.day] == Day(world.day, closed=True, reason="台风")


def test_the_seven_days_after_today_are_offered() -> None:
    assert offered_days(date(2026, 11, 24)) == [date(2026, 11, 24) + timedelta(days=n) for n in range(1, 8)]


def test_each_slot_has_a_capacity_of_its_own() -> None:
    rules = catalogue().appointments
    small = tuple(slot.model_copy(update={"capacity": 6 if slot.start == "15:30" else 12}) for slot in rules.slots)
    other = {**dict(catalogue()), "appointments": rules.model_copy(update={"slots": small})}

    with use_catalogue(Catalogue.model_construct(**other)):
        capacities = [capacity_of(slot, Day(slot.on, closed=False)) for slot in slots_of("desk", [date(2026, 11, 25)])]

    assert capacities == [12, 12, 12, 12, 6]


async def test_a_day_with_bookings_is_not_closed_by_accident(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    await firm.book()

    with pytest.raises(DayHasBookings):
        await set_day(DayOrder(world.desk, world.day, True), clerk, gate=world.gate)

    assert (await cell(firm)).remaining == 11


async def test_cancel_and_notify_closes_the_day_for_everyone(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book(people=2)

    await set_day(DayOrder(world.desk, world.day, True, "台风", OnBookings.CANCEL), clerk, gate=world.gate)

    assert (await Appointment.get(id=booked.id)).state is AppointmentState.CANCELLED
    assert {await state_of(v.application_id) for v in await people_in(booked)} == {State.APPROVED_TO_BOOK}
    assert await Message.filter(account_id=firm.caller.account_id, event="day_closed").count() == 1
    with pytest.raises(DayClosed):
        await firm.book()


class Midway:
    """A gate that lets something happen once, just after it has given places away."""

    def __init__(self, gate: SlotCounter, happening: Callable[[], Awaitable[object]]) -> None:
        self._gate, self._happenings = gate, [happening]

    def __getattr__(self, name: str) -> object:
        return getattr(self._gate, name)

    async def take(self, slot: Slot, token: str, people: int) -> Answer:
        answer = await self._gate.take(slot, token, people)
        while self._happenings:
            await self._happenings.pop()()
        return answer


async def test_whoever_was_about_to_book_finds_the_day_closed(world: World) -> None:
    """He had his places before staff spoke; a booking that nobody cancels would stand before a closed door."""
    firm, clerk, gate = await world.firm(), await world.clerk(), world.gate
    order = DayOrder(world.desk, world.day, True, "台风", OnBookings.CANCEL)
    world.gate = cast(SlotCounter, Midway(gate, lambda: set_day(order, clerk, gate=gate)))

    with pytest.raises(DayClosed):
        await firm.book()

    assert await world.taken() == list(range(1, 13))


async def test_a_view_from_before_sells_no_place_of_a_closed_day(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    await set_day(DayOrder(world.desk, world.day, True, "台风", OnBookings.CANCEL), clerk, gate=world.gate)
    await world.gate.fill(world.slot(), 12, [])

    with pytest.raises(DayClosed):
        await firm.book()


async def test_cancel_and_notify_leaves_those_who_are_being_served(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book(people=3)
    [served, *others] = [v.application_id for v in await people_in(booked)]
    await check_in(booked.id, [UUID(str(served))], clerk)

    await set_day(DayOrder(world.desk, world.day, True, "停电", OnBookings.CANCEL), clerk, gate=world.gate)

    assert (await Appointment.get(id=booked.id)).state is AppointmentState.SUCCESS
    assert await state_of(served) is State.BOOKED
    assert {await state_of(other) for other in others} == {State.APPROVED_TO_BOOK}
    assert await Message.filter(account_id=firm.caller.account_id, event="day_closed").count() == 1
    assert (await complete(booked.id, None, clerk, gate=world.gate)).state is AppointmentState.DONE


async def test_a_booking_that_cannot_be_cancelled_is_not_passed_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    await firm.book()
    order = DayOrder(world.desk, world.day, True, "台风", OnBookings.CANCEL)

    async def moved_on(*_: object, **__: object) -> None:
        raise AppointmentConflict

    with monkeypatch.context() as patch:
        patch.setattr(closing, "cancel", moved_on)
        with pytest.raises(DayNotCleared):
            await set_day(order, clerk, gate=world.gate)
    await set_day(order, clerk, gate=world.gate)

    assert await Appointment.filter(desk=world.desk, state=AppointmentState.SUCCESS).count() == 0


async def test_two_words_for_one_day_at_one_moment_are_both_heard(world: World) -> None:
    clerk = await world.clerk()
    orders = [DayOrder(world.desk, world.day, True, reason) for reason in ("台风", "停电", "装修")]

    await gather(*(set_day(order, clerk, gate=world.gate) for order in orders))

    assert (await days_of(world.desk, [world.day]))[world.day].reason in ("台风", "停电", "装修")
    assert await world.taken() == list(range(1, 13))


async def test_a_weekend_opened_by_staff_can_be_booked_until_it_is_full(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    weekend = next(on for on in offered_days(clock.today()) if public_day(on).closed)

    await set_day(DayOrder(world.desk, weekend, False, "加班"), clerk, gate=world.gate)

    assert (await firm.book(world.slot(weekend), people=12)).on_date == weekend
    with pytest.raises(SlotFull):
        await firm.book(world.slot(weekend))


async def test_lowering_capacity_closes_only_free_places(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    await firm.book(people=2)

    await set_capacity(world.slot(), 3, clerk, gate=world.gate)

    assert (await cell(firm)).remaining == 1
    with pytest.raises(CapacityInUse):
        await set_capacity(world.slot(), 1, clerk, gate=world.gate)
    await set_capacity(world.slot(), 12, clerk, gate=world.gate)
    assert (await cell(firm)).remaining == 10


@pytest.mark.parametrize(
    ("today", "year"),
    [(date(2026, 10, 31), None), (date(2026, 11, 1), 2027), (date(2027, 1, 1), 2027), (date(2027, 12, 1), 2027)],
)
async def test_staff_are_warned_of_a_year_without_notice(world: World, today: date, year: int | None) -> None:
    """From 1 November, until the notice is in the configuration or they have entered days themselves (D22)."""
    warning = await calendar_warning(world.desk, today)

    assert (warning is None) if year is None else (warning is not None and warning.startswith(f"{year}年的放假安排"))


@pytest.mark.parametrize("on", [date(2027, 1, 1), date(2027, 2, 10), date(2027, 12, 31)])
async def test_a_day_of_that_year_by_staff_ends_the_warning(world: World, on: date) -> None:
    await set_day(DayOrder(world.desk, on, True, "春节"), await world.clerk(), gate=world.gate)

    assert await calendar_warning(world.desk, date(2026, 11, 24)) is None


async def test_a_day_of_another_desk_ends_no_warning(world: World) -> None:
    await set_day(DayOrder("another_desk", date(2027, 2, 10), True, "春节"), await world.clerk(), gate=world.gate)

    assert await calendar_warning(world.desk, date(2026, 11, 24)) is not None
