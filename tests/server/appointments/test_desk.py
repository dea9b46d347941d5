"""The desk: 签到, 办理完成, 未到场, person by person."""

from asyncio import gather
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from models.applications import State
from models.appointments import Appointment, AppointmentState, Outcome
from models.audit import AuditEntry
from models.base import new_id
from server import clock
from server.appointments.change import cancel_appointment
from server.appointments.closing import DayOrder, set_day
from server.appointments.desk import check_in, complete, no_show, undo_check_in
from server.appointments.no_shows import mark_no_shows
from server.appointments.places import next_open_day
from server.appointments.queries import list_unfinished
from server.appointments.refusals import AppointmentConflict
from server.errors import NotFound
from tests.world import World, people_in, state_of


@pytest.fixture(autouse=True)
def clock_put_back() -> Iterator[None]:
    yield
    clock.set_offset(0)


def go_to(booked: Appointment, hh_mm: str, *, on: date | None = None) -> None:
    """Move the clock to an hour of the appointment's day, or of another."""
    clock.set_offset(0)
    clock.set_offset((clock.at(on or booked.on_date, hh_mm) - clock.now()).total_seconds())


async def day_after(booked: Appointment) -> date:
    """The working day after it."""
    return await next_open_day(booked.desk, booked.on_date)


async def test_everyone_served_ends_the_appointment(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book(people=2)
    go_to(booked, "10:01")

    await check_in(booked.id, None, clerk)
    done = await complete(booked.id, None, clerk, gate=world.gate)

    assert done.state is AppointmentState.DONE
    assert {await state_of(v.application_id) for v in await people_in(booked)} == {State.HANDLED_TO_PRINT}
    assert await AuditEntry.filter(object_id=str(booked.id), action="appointment.complete").count() == 1


async def test_people_of_one_booking_may_differ(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    ids = await firm.approved(2)
    booked = await firm.book(ids=ids)
    go_to(booked, "10:30")

    half = await complete(booked.id, [ids[0]], clerk, gate=world.gate)
    ended = await no_show(booked.id, [ids[1]], clerk, gate=world.gate)

    assert (half.state, ended.state) == (AppointmentState.SUCCESS, AppointmentState.DONE)
    assert [await state_of(i) for i in ids] == [State.HANDLED_TO_PRINT, State.APPROVED_TO_BOOK]


async def test_nobody_came(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book(people=2)
    go_to(booked, "16:30")

    ended = await no_show(booked.id, None, clerk, gate=world.gate)

    assert ended.state is AppointmentState.NO_SHOW
    assert {v.outcome for v in await people_in(booked)} == {Outcome.NO_SHOW}


async def test_early_work_gives_the_places_of_a_future_slot_back(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book(people=12)

    await complete(booked.id, None, clerk, gate=world.gate)

    assert (await (await world.firm()).book(people=12)).window_from == "10:00"


async def test_work_in_its_own_hour_keeps_the_places(world: World) -> None:
    firm, clerk, slot = await world.firm(), await world.clerk(), world.slot()
    booked = await firm.book(slot, people=2)
    go_to(booked, "10:05")

    await complete(booked.id, None, clerk, gate=world.gate)

    assert await world.taken(slot) == [1, 2]


async def test_cancel_against_check_in_has_one_winner(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book()

    outcomes = await gather(
        cancel_appointment(firm.caller, booked.id, gate=world.gate),
        check_in(booked.id, None, clerk),
        return_exceptions=True,
    )

    assert sum(isinstance(o, AppointmentConflict) for o in outcomes) == 1
    last = await Appointment.get(id=booked.id)
    assert await world.taken() == ([] if last.state is AppointmentState.CANCELLED else [1])


async def test_whoever_checked_in_can_no_longer_be_cancelled_or_missing(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book()
    await check_in(booked.id, None, clerk)

    with pytest.raises(AppointmentConflict):
        await cancel_appointment(firm.caller, booked.id, gate=world.gate)
    go_to(booked, "12:00")
    with pytest.raises(AppointmentConflict):
        await no_show(booked.id, None, clerk, gate=world.gate)


async def test_a_check_in_that_was_a_mistake_is_undone(world: World) -> None:
    """Or of one who came and cannot be served: without this he could neither be missing nor book again."""
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book(people=2)
    [person, other] = await people_in(booked)
    await check_in(booked.id, [person.application_id], clerk)

    with pytest.raises(AppointmentConflict, match="均未签到"):
        await undo_check_in(booked.id, [other.application_id], clerk)
    await undo_check_in(booked.id, None, clerk)
    go_to(booked, "12:00")
    missing = await no_show(booked.id, None, clerk, gate=world.gate)

    assert missing.state is AppointmentState.NO_SHOW
    assert await AuditEntry.filter(object_id=str(booked.id), action="appointment.undo_check_in").count() == 1


async def test_complete_against_no_show_has_one_winner(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    ids = await firm.approved()
    booked = await firm.book(ids=ids)
    go_to(booked, "16:00")

    outcomes = await gather(
        complete(booked.id, None, clerk, gate=world.gate),
        no_show(booked.id, None, clerk, gate=world.gate),
        return_exceptions=True,
    )

    assert sorted(type(o).__name__ for o in outcomes) == ["Appointment", "AppointmentConflict"]
    assert await state_of(ids[0]) in (State.HANDLED_TO_PRINT, State.APPROVED_TO_BOOK)


async def test_missing_before_the_day_makes_no_sense(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book()

    with pytest.raises(AppointmentConflict):
        await no_show(booked.id, None, clerk, gate=world.gate)
    with pytest.raises(NotFound):
        await check_in(new_id(), None, clerk)


async def test_the_system_records_missing_people_at_noon_of_the_next_working_day(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    ids = await firm.approved(2)
    booked = await firm.book(ids=ids)
    await check_in(booked.id, [ids[0]], clerk)

    go_to(booked, "11:59", on=await day_after(booked))
    await mark_no_shows(gate=world.gate)
    before = [await state_of(i) for i in ids]
    go_to(booked, "12:00", on=await day_after(booked))
    await mark_no_shows(gate=world.gate)

    assert before == [State.BOOKED, State.BOOKED]
    assert [await state_of(i) for i in ids] == [State.BOOKED, State.APPROVED_TO_BOOK]
    assert (await Appointment.get(id=booked.id)).state is AppointmentState.SUCCESS


async def test_a_day_that_staff_closed_is_no_working_day_of_the_clerk_s(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book()
    closed = await day_after(booked)
    await set_day(DayOrder(world.desk, closed, True, "台风"), clerk, gate=world.gate)

    go_to(booked, "23:59", on=closed)
    await mark_no_shows(gate=world.gate)
    before = (await Appointment.get(id=booked.id)).state
    go_to(booked, "12:00", on=await day_after(booked))
    await mark_no_shows(gate=world.gate)

    assert before is AppointmentState.SUCCESS
    assert (await Appointment.get(id=booked.id)).state is AppointmentState.NO_SHOW


async def test_who_was_checked_in_and_got_no_result_is_listed_until_he_has_one(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    booked = await firm.book(people=2)
    await firm.book(world.slot(start="13:30"))
    [person, _] = await people_in(booked)
    await check_in(booked.id, [person.application_id], clerk)

    on_the_day = await list_unfinished(world.desk)
    go_to(booked, "09:00", on=await day_after(booked))
    later = await list_unfinished(world.desk)
    await complete(booked.id, [person.application_id], clerk, gate=world.gate)

    assert ([f.appointment.id for f in on_the_day], [f.appointment.id for f in later]) == ([], [booked.id])
    assert await list_unfinished(world.desk) == []


async def test_after_a_no_show_the_person_can_book_again(world: World) -> None:
    firm, clerk = await world.firm(), await world.clerk()
    ids = await firm.approved()
    booked = await firm.book(ids=ids)
    go_to(booked, "16:40")
    await no_show(booked.id, None, clerk, gate=world.gate)

    again = await firm.book(world.slot(world.other_day), ids=ids)

    assert again.on_date - booked.on_date >= timedelta(days=1)
