"""Booking on real engines: never oversold, never leaked, one booking a key."""

from asyncio import gather
from datetime import timedelta

import pytest

from models.applications import Application, State
from models.appointments import Appointment, RequestKey
from models.messages import Delivery, Message
from server import clock
from server.appointments.calendar import public_day
from server.appointments.places import offered_days
from server.appointments.refusals import (
    DayClosed,
    DayNotOffered,
    KeyReused,
    MixedBusinesses,
    NoSuchSlot,
    NotBookable,
    PastDeadline,
    SlotFull,
    TooManyPeople,
)
from server.errors import NotFound
from tests.world import World, live_bookings, people_in, state_of


async def test_two_people_at_ten_come_from_ten_to_ten_past(world: World) -> None:
    firm = await world.firm()

    booked = await firm.book(people=2)

    assert (booked.window_from, booked.window_to) == ("10:00", "10:10")
    assert [v.place_no for v in await people_in(booked)] == [1, 2]
    assert {await state_of(v.application_id) for v in await people_in(booked)} == {State.BOOKED}


async def test_the_second_booking_follows_the_first(world: World) -> None:
    firm = await world.firm()
    await firm.book(people=2)

    second = await firm.book(people=3)

    assert (second.window_from, second.window_to) == ("10:10", "10:25")


async def test_booking_writes_the_message_and_one_sms_a_person(world: World) -> None:
    firm = await world.firm()

    booked = await firm.book(people=2)

    occurrence = f"{booked.id}:0:booked"
    assert await Message.filter(account_id=firm.caller.account_id, occurrence=occurrence).count() == 1
    assert await Delivery.filter(occurrence=occurrence, recipient__startswith="person:").count() == 2


async def test_a_key_is_answered_after_its_day_is_offered_no_more(world: World) -> None:
    """The first answer was lost before midnight: the booking stands, and whoever asks again must hear of it."""
    firm = await world.firm()
    ids = await firm.approved()
    booked = await firm.book(ids=ids, key="the-key")
    clock.set_offset((clock.at(booked.on_date, "00:00") - clock.now()).total_seconds())

    again = await firm.book(world.slot(booked.on_date), ids=ids, key="the-key")

    assert again.id == booked.id
    with pytest.raises(DayNotOffered):
        await firm.book(world.slot(booked.on_date), ids=ids, key="another-key")


async def test_last_place_goes_to_exactly_one_firm(world: World) -> None:
    firm = await world.firm()
    await firm.book(people=11)
    firms = await world.firms(5)

    outcomes = await gather(*(other.book() for other in firms), return_exceptions=True)

    assert sorted(type(o).__name__ for o in outcomes) == ["Appointment"] + ["SlotFull"] * 4
    assert await world.free() == 0


async def test_32_bookers_of_one_to_three_never_oversell_and_fill_up(world: World) -> None:
    firms = await world.firms(32)
    wanted = [(firm, await firm.approved(1 + n % 3)) for n, firm in enumerate(firms)]

    outcomes = await gather(*(firm.book(ids=ids) for firm, ids in wanted), return_exceptions=True)

    booked = [o for o in outcomes if isinstance(o, Appointment)]
    assert {type(o) for o in outcomes} <= {Appointment, SlotFull}
    assert sum(b.people for b in booked) == 12 - await world.free()
    assert [b.id for b in await live_bookings(world.slot())] == sorted(b.id for b in booked)
    late = await world.firm()
    for _ in range(await world.free()):
        await late.book()
    with pytest.raises(SlotFull):
        await late.book()
    assert await world.taken() == list(range(1, 13))


async def test_the_same_key_twice_at_once_is_one_booking(world: World) -> None:
    firm = await world.firm()
    ids = await firm.approved(2)

    first, second = await gather(firm.book(ids=ids, key="same"), firm.book(ids=ids, key="same"))

    assert first.id == second.id
    assert await world.taken() == [1, 2]


async def test_a_retry_with_the_same_key_gets_the_same_booking_when_the_slot_is_full(world: World) -> None:
    firm, other = await world.firm(), await world.firm()
    ids = await firm.approved(2)
    first = await firm.book(ids=ids, key="mine")
    await other.book(people=10)

    again = await firm.book(ids=ids, key="mine")

    assert again.id == first.id


async def test_the_same_key_for_another_request_is_refused_and_changes_nothing(world: World) -> None:
    firm = await world.firm()
    await firm.book(people=1, key="once")

    with pytest.raises(KeyReused):
        await firm.book(people=2, key="once")

    assert await world.taken() == [1]


async def test_a_refused_key_stays_refused(world: World) -> None:
    firm, other = await world.firm(), await world.firm()
    full = await other.book(people=12)
    ids = await firm.approved()
    with pytest.raises(SlotFull):
        await firm.book(ids=ids, key="late")
    await Appointment.filter(id=full.id).update(version=1)

    with pytest.raises(SlotFull):
        await firm.book(ids=ids, key="late")


@pytest.mark.parametrize("people", [13, 0])
async def test_a_booking_is_for_one_to_twelve(world: World, people: int) -> None:
    firm = await world.firm()
    ids = await firm.approved(max(people, 1))

    with pytest.raises(TooManyPeople):
        await firm.book(ids=ids if people else [], people=0)


async def test_different_businesses_cannot_be_booked_together(world: World) -> None:
    firm = await world.firm()
    ids = await firm.approved() + await firm.approved(business="transfer")

    with pytest.raises(MixedBusinesses):
        await firm.book(ids=ids)


async def test_what_is_anothers_does_not_exist(world: World) -> None:
    firm, stranger = await world.firm(), await world.firm()

    with pytest.raises(NotFound):
        await stranger.book(ids=await firm.approved())


async def test_what_is_booked_cannot_be_booked_again_and_no_place_is_lost(world: World) -> None:
    firm = await world.firm()
    ids = await firm.approved()
    await firm.book(ids=ids)

    with pytest.raises(NotBookable):
        await firm.book(ids=ids)

    assert await world.taken() == [1]


async def test_one_application_in_two_bookings_at_once_is_booked_once(world: World) -> None:
    firm = await world.firm()
    ids = await firm.approved()

    outcomes = await gather(*(firm.book(ids=ids) for _ in range(4)), return_exceptions=True)

    assert sorted(type(o).__name__ for o in outcomes) == ["Appointment"] + ["NotBookable"] * 3
    assert await world.free() == 11


async def test_never_past_the_thirty_days(world: World) -> None:
    firm = await world.firm()
    last_day = (world.other_day - clock.today()).days - 1
    ids = await firm.approved(days=last_day)

    with pytest.raises(PastDeadline):
        await firm.book(world.slot(world.other_day), ids=ids)

    assert (await Application.get(id=ids[0])).state is State.APPROVED_TO_BOOK


async def test_only_offered_days_and_slots(world: World) -> None:
    firm = await world.firm()

    with pytest.raises(DayNotOffered):
        await firm.book(world.slot(clock.today()))
    with pytest.raises(DayNotOffered):
        await firm.book(world.slot(clock.today() + timedelta(days=8)))
    with pytest.raises(NoSuchSlot):
        await firm.book(world.slot(start="12:00"))


async def test_a_closed_day_says_so(world: World) -> None:
    firm = await world.firm()
    weekend = next(on for on in offered_days(clock.today()) if public_day(on).closed)

    with pytest.raises(DayClosed):
        await firm.book(world.slot(weekend))


async def test_a_sold_out_slot_refuses_without_writing(world: World) -> None:
    firm, other = await world.firm(), await world.firm()
    await other.book(people=12)
    ids = await firm.approved()
    before = await RequestKey.filter(account_id=firm.caller.account_id).count()

    with pytest.raises(SlotFull):
        await firm.book(ids=ids)

    assert await RequestKey.filter(account_id=firm.caller.account_id, appointment_id__isnull=False).count() == before
