"""过期 and its warnings: what waits for an appointment, and nothing else (decisions D20, D25)."""

from asyncio import gather
from datetime import date, timedelta

import pytest

from models.applications import Application, State
from models.appointments import Appointment
from models.messages import Message
from server import clock
from server.applications.detail import detail_of
from server.applications.expiry import expire_due, warn_due
from server.appointments.change import cancel_appointment
from server.appointments.refusals import NotBookable, PastDeadline
from server.businesses import catalogue
from tests.server.applications.office import ONLINE, Applicant, Office, again, steps_of, told, tracked
from tests.world import Party, World

pytestmark = pytest.mark.usefixtures("clock_put_back")


def go_to(day: date, hh_mm: str = "08:00") -> None:
    """Move the clock to an hour of that day."""
    clock.set_offset(0)
    clock.set_offset((clock.at(day, hh_mm) - clock.now()).total_seconds())


def last_day(application: Application) -> date:
    assert application.expires_on is not None
    return application.expires_on


async def expire_all() -> None:
    """As often as the worker would."""
    while await expire_due():
        pass


async def warnings_of(application: Application) -> list[str]:
    rows = await Message.filter(application_id=application.id, event="expiring").order_by("id")
    return [row.text.partition("业务将于")[2] for row in rows]


async def test_the_last_day_is_still_in_time(office: Office, firm: Applicant) -> None:
    approved = await office.approved(firm)

    go_to(last_day(approved), "23:59")
    await expire_all()
    before = (await again(approved)).state
    go_to(last_day(approved) + timedelta(days=1), "00:01")
    await expire_all()

    assert (before, (await again(approved)).state) == (State.APPROVED_TO_BOOK, State.EXPIRED)


async def test_an_expired_one_is_tracked_told_and_frees_the_person(office: Office, firm: Applicant) -> None:
    approved = await office.approved(firm)
    go_to(last_day(approved) + timedelta(days=1))

    await expire_all()
    await expire_all()

    expired = await again(approved)
    assert (expired.state, expired.live_person) == (State.EXPIRED, None)
    assert (await tracked(expired))[0] == ("已过期", "", "系统")
    assert await told(expired) == ["submitted", "approved", "expired"]
    shown = await detail_of(expired, firm.caller.kind.value, firm.caller.name)
    assert shown.next_action.what == "复制为新申请后重新提交办理材料"
    assert (await firm.submitted()).state is State.SUBMITTED


async def test_only_what_waits_for_an_appointment_expires(office: Office, firm: Applicant) -> None:
    kept = {
        state: await firm.in_state(state)
        for state in (State.SUBMITTED, State.REJECTED, State.BOOKED, State.HANDLED_TO_PRINT, State.PRINTED_TO_COLLECT)
    }
    yesterday = clock.today() - timedelta(days=1)
    await Application.filter(account_id=firm.id).update(expires_on=yesterday)
    online = await office.approved(firm, ONLINE)

    go_to(clock.today() + timedelta(days=400))
    await expire_all()

    assert {state: (await again(row)).state for state, row in kept.items()} == {state: state for state in kept}
    assert (await again(online)).state is State.APPROVED_TO_PROCESS


async def test_a_booked_person_expires_once_the_visit_is_given_up(
    office: Office, firm: Applicant, visits: World
) -> None:
    approved = await office.approved(firm)
    booked = await Party(visits, firm.caller).book(ids=[approved.id])
    await Application.filter(id=approved.id).update(expires_on=clock.today() - timedelta(days=1))
    await expire_all()
    while_booked = (await again(approved)).state

    await cancel_appointment(firm.caller, booked.id, gate=visits.gate)
    await expire_all()

    assert (while_booked, (await again(approved)).state) == (State.BOOKED, State.EXPIRED)


async def test_expiry_twice_at_once_is_one(office: Office, firm: Applicant) -> None:
    approved = await office.approved(firm)
    go_to(last_day(approved) + timedelta(days=1))
    await expire_all()  # what other tests have left
    await Application.filter(id=approved.id).update(state=State.APPROVED_TO_BOOK)
    lines = await steps_of(approved)

    expired = await gather(*(expire_due() for _ in range(3)))

    assert sum(expired) == 1
    assert await steps_of(approved) == lines + 1


async def test_expiry_against_booking_has_one_winner(office: Office, firm: Applicant, visits: World) -> None:
    approved, party, slot = await office.approved(firm), Party(visits, firm.caller), visits.slot()

    async def expire_now() -> None:
        yesterday = clock.today() - timedelta(days=1)
        await Application.filter(id=approved.id, state=State.APPROVED_TO_BOOK).update(expires_on=yesterday)
        await expire_all()

    booked, _ = await gather(party.book(slot, ids=[approved.id]), expire_now(), return_exceptions=True)

    expired = (await again(approved)).state is State.EXPIRED
    assert isinstance(booked, NotBookable | PastDeadline if expired else Appointment)
    assert await visits.taken(slot) == ([] if expired else [1])
    assert ("expired" in await told(approved)) == expired


async def test_warnings_come_seven_days_and_one_day_before_once_each(office: Office, firm: Applicant) -> None:
    approved, said = await office.approved(firm), []

    for left in (8, 7, 7, 6, 2, 1, 1, 0):
        go_to(last_day(approved) - timedelta(days=left))
        await warn_due()
        said.append(len(await warnings_of(approved)))

    assert catalogue().appointments.warn_days_before == (7, 1)
    assert said == [0, 1, 1, 1, 1, 2, 2, 2]
    assert set(await warnings_of(approved)) == {f"{last_day(approved)}过期，请尽快预约并到现场办理。"}


async def test_a_worker_that_was_down_gives_the_urgent_warning_only(office: Office, firm: Applicant) -> None:
    approved = await office.approved(firm)

    go_to(last_day(approved))
    await warn_due()
    await warn_due()

    assert len(await warnings_of(approved)) == 1


async def test_workers_at_once_warn_once(office: Office, firm: Applicant) -> None:
    approved = await office.approved(firm)
    go_to(last_day(approved) - timedelta(days=7))

    await gather(*(warn_due() for _ in range(3)))

    assert len(await warnings_of(approved)) == 1


async def test_nobody_is_warned_who_has_booked_or_is_past_it(office: Office, firm: Applicant) -> None:
    approved = await office.approved(firm)
    await Application.filter(id=approved.id).update(state=State.BOOKED)
    go_to(last_day(approved) - timedelta(days=1))
    await warn_due()
    await Application.filter(id=approved.id).update(state=State.APPROVED_TO_BOOK)
    go_to(last_day(approved) + timedelta(days=1))
    await warn_due()

    assert await warnings_of(approved) == []


async def test_a_second_approval_warns_anew(office: Office, firm: Applicant) -> None:
    first = await office.approved(firm)
    go_to(last_day(first) - timedelta(days=1))
    await warn_due()
    go_to(last_day(first) + timedelta(days=1))
    await expire_all()
    second = await office.approved(firm)

    go_to(last_day(second) - timedelta(days=1))
    await warn_due()

    assert (len(await warnings_of(first)), len(await warnings_of(second))) == (1, 1)
