"""改约 and 取消: places move in one transaction, once."""

from asyncio import gather
from datetime import date, timedelta

import pytest

from models.applications import State
from models.appointments import Appointment, AppointmentState
from models.messages import Delivery, DeliveryState, Message
from server import clock
from server.appointments.calendar import public_day
from server.appointments.change import cancel_appointment, reschedule_appointment
from server.appointments.places import offered_days
from server.appointments.refusals import (
    AppointmentConflict,
    DayClosed,
    KeyReused,
    PastDeadline,
    SameSlot,
    SlotFull,
    TooLateToChange,
)
from server.errors import NotFound
from tests.world import Party, World, people_in, state_of

LATER = "13:30"


async def move(
    firm: Party, booked: Appointment, start: str = LATER, *, key: str | None = None, on: date | None = None
) -> Appointment:
    on = on or firm.world.day
    attempt = firm.attempt(key, f"{on} {start}")
    return await reschedule_appointment(firm.caller, booked.id, on, start, attempt, gate=firm.world.gate)


async def test_cancelling_gives_the_places_back_at_once(world: World) -> None:
    firm = await world.firm()
    booked = await firm.book(people=12)

    cancelled = await cancel_appointment(firm.caller, booked.id, gate=world.gate)

    assert cancelled.state is AppointmentState.CANCELLED
    assert {await state_of(v.application_id) for v in await people_in(booked)} == {State.APPROVED_TO_BOOK}
    assert (await firm.book(people=12)).window_from == "10:00"


async def test_cancelling_twice_is_refused_the_second_time(world: World) -> None:
    firm = await world.firm()
    booked = await firm.book()

    outcomes = await gather(
        *(cancel_appointment(firm.caller, booked.id, gate=world.gate) for _ in range(2)), return_exceptions=True
    )

    assert sorted(type(o).__name__ for o in outcomes) == ["Appointment", "AppointmentConflict"]
    assert await world.free() == 12


async def test_cancelling_takes_back_what_was_not_sent_and_tells_everyone(world: World) -> None:
    firm = await world.firm()
    booked = await firm.book(people=2)

    await cancel_appointment(firm.caller, booked.id, gate=world.gate)

    unsent = await Delivery.filter(occurrence=f"{booked.id}:0:booked", recipient__startswith="person:")
    assert {d.state for d in unsent} == {DeliveryState.SUPERSEDED}
    assert await Delivery.filter(occurrence=f"{booked.id}:1:cancelled", recipient__startswith="person:").count() == 2
    assert await Message.filter(occurrence=f"{booked.id}:1:cancelled").count() == 1


async def test_a_stranger_finds_no_appointment_to_cancel(world: World) -> None:
    firm, stranger = await world.firm(), await world.firm()
    booked = await firm.book()

    with pytest.raises(NotFound):
        await cancel_appointment(stranger.caller, booked.id, gate=world.gate)


async def test_on_the_day_itself_nothing_can_be_changed(world: World) -> None:
    firm = await world.firm()
    booked = await firm.book()
    clock.set_offset(timedelta(days=(booked.on_date - clock.today()).days).total_seconds())

    with pytest.raises(TooLateToChange):
        await cancel_appointment(firm.caller, booked.id, gate=world.gate)
    with pytest.raises(TooLateToChange):
        await move(firm, booked)
    clock.set_offset(0)


async def test_rescheduling_takes_the_new_and_frees_the_old(world: World) -> None:
    firm = await world.firm()
    booked = await firm.book(people=2)

    moved = await move(firm, booked)

    assert (moved.id, moved.start, moved.window_to) == (booked.id, LATER, "13:40")
    assert await world.taken() == []
    assert await world.taken(world.slot(start=LATER)) == [1, 2]
    assert (await firm.book(people=12)).window_from == "10:00"


async def test_rescheduling_is_idempotent_by_its_key(world: World) -> None:
    firm = await world.firm()
    booked = await firm.book()

    first, second = await gather(move(firm, booked, key="move"), move(firm, booked, key="move"))
    third = await move(firm, booked, key="move")

    assert (first.version, second.version, third.version) == (1, 1, 1)
    with pytest.raises(KeyReused):
        await move(firm, booked, key="move", start="14:30")


async def test_the_same_slot_is_said_to_be_the_same(world: World) -> None:
    firm = await world.firm()
    booked = await firm.book()

    with pytest.raises(SameSlot):
        await move(firm, booked, start="10:00")


async def test_when_the_new_slot_is_full_the_old_place_is_kept(world: World) -> None:
    firm, other = await world.firm(), await world.firm()
    booked = await firm.book()
    await other.book(world.slot(start=LATER), people=12)

    with pytest.raises(SlotFull):
        await move(firm, booked)

    assert await world.taken() == [1]


async def test_a_closed_day_says_so(world: World) -> None:
    firm = await world.firm()
    booked = await firm.book()
    weekend = next(on for on in offered_days(clock.today()) if public_day(on).closed)

    with pytest.raises(DayClosed):
        await move(firm, booked, on=weekend)


async def test_never_past_the_thirty_days(world: World) -> None:
    firm = await world.firm()
    ids = await firm.approved(days=(world.day - clock.today()).days)
    booked = await firm.book(ids=ids)

    with pytest.raises(PastDeadline):
        await move(firm, booked, on=world.other_day)

    assert await world.taken() == [1]


async def test_two_moves_at_once_leave_one_place_taken(world: World) -> None:
    firm = await world.firm()
    booked = await firm.book()

    outcomes = await gather(move(firm, booked), move(firm, booked, start="14:30"), return_exceptions=True)

    assert sorted(type(o).__name__ for o in outcomes) == ["Appointment", "AppointmentConflict"]
    taken = [await world.taken(world.slot(start=start)) for start in ("10:00", LATER, "14:30")]
    assert sorted(map(len, taken)) == [0, 0, 1]


async def test_cancel_against_reschedule_has_one_winner(world: World) -> None:
    firm = await world.firm()
    booked = await firm.book()

    outcomes = await gather(
        cancel_appointment(firm.caller, booked.id, gate=world.gate), move(firm, booked), return_exceptions=True
    )

    assert sum(isinstance(o, AppointmentConflict) for o in outcomes) == 1
    last = await Appointment.get(id=booked.id)
    held = len(await world.taken(world.slot(start=LATER))) + len(await world.taken())
    assert held == (0 if last.state is AppointmentState.CANCELLED else 1)
