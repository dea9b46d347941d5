"""预约: take places in one slot for applications of one business (manual §5)."""

import time
from collections.abc import Awaitable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from tortoise.exceptions import IntegrityError

from models.applications import Application, State
from models.appointments import Appointment, Visit
from models.base import new_id
from server import clock
from server.accounts.caller import Caller
from server.applications.advance import Operator, book_all
from server.appointments.hold import NEW_ATTEMPT_SECONDS, CommitUnknown, Doubt, KeyKnown, PlaceTaken, Record, with_held
from server.appointments.places import days_of, offered_slot
from server.appointments.refusals import (
    Contended,
    DayClosed,
    DayNotOffered,
    NotBookable,
    PastDeadline,
    SlotFull,
    TooManyPeople,
)
from server.appointments.request_keys import (
    Attempt,
    answer_known,
    ask_what_became,
    claim,
    known_booking,
    refuse_for_good,
)
from server.appointments.slots import Slot, SlotCounter, booking_token
from server.appointments.subjects import business_of
from server.businesses import catalogue
from server.errors import NotFound
from server.failpoints import reach
from server.messages.announce import announce
from server.messages.events import AppointmentEvent, Person
from server.transactions import in_transaction, is_connection_lost, retried

MOST_PEOPLE = 12
_TRANSACTION_SECONDS = 5.0  # a transaction must end before its hold can lapse
_ATTEMPTS = 3


class Booking(NamedTuple):
    """What is asked for: applications (ascending ids) of one business, in one slot."""

    caller: Caller
    attempt: Attempt
    business: str
    application_ids: tuple[UUID, ...]
    slot: Slot

    @property
    def token(self) -> str:
        return booking_token(self.attempt.account_id, self.attempt.key)


async def book_appointment(
    caller: Caller, application_ids: Sequence[UUID], on: date, start: str, attempt: Attempt, *, gate: SlotCounter
) -> Appointment:
    """Book one visit for 1 to 12 applications of one business; the same key gives the same booking.

    Raises NotFound, MixedBusinesses, NotBookable, PastDeadline, SlotFull, DayClosed, DayNotOffered, NoSuchSlot,
    TooManyPeople, KeyReused, Contended or OutcomeUnknown.
    """
    ids = tuple(sorted(set(application_ids)))
    check_people(len(ids))
    business = await business_of(caller, ids)
    try:
        slot = offered_slot(catalogue().businesses[business].desk, on, start)
    except DayNotOffered:  # any more: the answer to the first try may have been lost before midnight
        if known := await known_booking(attempt):
            return known
        raise
    booking = Booking(caller, attempt, business, ids, slot)
    return await with_places(slot, attempt, len(ids), partial(_record, booking), gate=gate)


async def with_places(
    slot: Slot,
    attempt: Attempt,
    people: int,
    record: Record[Appointment],
    *,
    gate: SlotCounter,
) -> Appointment:
    """Run `record` with places held for it, again when the view was stale; a doubt is settled by the request key.

    Raises SlotFull, DayClosed, Contended, KeyReused or OutcomeUnknown.
    """
    token = booking_token(attempt.account_id, attempt.key)
    until = time.monotonic() + NEW_ATTEMPT_SECONDS

    def written(places: tuple[int, ...]) -> Awaitable[Appointment]:
        return retried(partial(record, places), until=until)

    for _ in range(_ATTEMPTS):
        try:
            return await with_held(slot, token, people, written, gate=gate)
        except PlaceTaken:
            if time.monotonic() > until:
                break
        except KeyKnown:
            return await answer_known(attempt)
        except Doubt as doubt:
            return await _settle(slot, attempt, doubt)
        except CommitUnknown:
            return await ask_what_became(attempt)
    raise Contended


async def _settle(slot: Slot, attempt: Attempt, doubt: Doubt) -> Appointment:
    """What the request key says. Raises DayClosed instead of SlotFull when the table knows that the desk is closed."""
    try:
        return await refuse_for_good(attempt)
    except SlotFull as full:
        shut = (await days_of(slot.desk, [slot.on]))[slot.on].closed if doubt.shut is None else doubt.shut
        raise (DayClosed() if shut else full) from None


def check_people(people: int) -> None:
    if not 1 <= people <= MOST_PEOPLE:
        raise TooManyPeople(field="application_ids")


async def _record(booking: Booking, places: tuple[int, ...]) -> Appointment:
    """The booking's one transaction: nothing is read before it is written."""
    began, at, committing = time.monotonic(), clock.now(), False
    appointment_id = new_id()
    try:
        async with in_transaction():
            await claim(booking.attempt, appointment_id)
            await reach("booking.in_transaction")
            appointment = await _create_appointment(booking, appointment_id, places, at)
            operator = Operator.of(booking.caller)
            moved = await book_all(
                booking.application_ids,
                account_id=booking.caller.account_id,
                business=booking.business,
                on=booking.slot.on,
                operator=operator,
                at=at,
            )
            if len(moved) < len(booking.application_ids):
                raise _Ineligible
            await _create_visits(booking, appointment, places, at)
            people = tuple(Person(row.id, row.name, row.edition) for row in moved)
            await announce(AppointmentEvent("booked", appointment, people))
            await reach("booking.committing")
            in_time(began)
            committing = True
        await reach("booking.committed")
    except _Ineligible:
        raise await _why_not(booking) from None
    except Exception as error:
        if committing and is_connection_lost(error):
            raise CommitUnknown from error
        raise
    return appointment


class _Ineligible(Exception):
    """Fewer applications moved than asked: roll back, then say why."""


def in_time(began: float) -> None:
    """The last look before COMMIT. Raises Contended once the hold could have lapsed."""
    if time.monotonic() - began > _TRANSACTION_SECONDS:
        raise Contended


async def _create_appointment(
    booking: Booking, appointment_id: UUID, places: tuple[int, ...], at: datetime
) -> Appointment:
    window_from, window_to = window_of(booking.slot.start, places)
    return await Appointment.create(
        id=appointment_id,
        account_id=booking.caller.account_id,
        business=booking.business,
        desk=booking.slot.desk,
        on_date=booking.slot.on,
        start=booking.slot.start,
        window_from=window_from,
        window_to=window_to,
        people=len(places),
        created_at=at,
    )


async def _create_visits(booking: Booking, appointment: Appointment, places: tuple[int, ...], at: datetime) -> None:
    """One row a person with its very place. Raises PlaceTaken when the table knows better."""
    try:
        await Visit.bulk_create(
            Visit(
                appointment_id=appointment.id,
                application_id=application_id,
                live_application_id=application_id,
                token=booking.token,
                desk=booking.slot.desk,
                on_date=booking.slot.on,
                start=booking.slot.start,
                place_no=place,
                created_at=at,
            )
            for application_id, place in zip(booking.application_ids, places, strict=True)
        )
    except IntegrityError as stale:
        raise PlaceTaken from stale


async def people_of(application_ids: Sequence[UUID]) -> tuple[Person, ...]:
    """The people of these applications, in the given order."""
    rows = await Application.filter(id__in=list(application_ids)).values_list("id", "name", "edition")
    people = {id_: Person(id_, name, edition) for id_, name, edition in rows}
    return tuple(people[application_id] for application_id in application_ids)


def window_of(start: str, places: Sequence[int]) -> tuple[str, str]:
    """到场时间: from the first place's minute to the last one's end; ("10:00", [1, 2]) -> ("10:00", "10:10")."""
    minutes = catalogue().appointments.minutes_per_person
    opening = datetime.strptime(start, "%H:%M")  # noqa: DTZ007 - a wall-clock time of no day
    first, last = (
        opening + timedelta(minutes=minutes * (min(places) - 1)),
        opening + timedelta(minutes=minutes * max(places)),
    )
    return f"{first:%H:%M}", f"{last:%H:%M}"


async def _why_not(booking: Booking) -> Exception:
    """The named refusal for applications that could not be moved."""
    rows = await Application.filter(id__in=list(booking.application_ids), account_id=booking.caller.account_id)
    if len(rows) < len(booking.application_ids):
        return NotFound()
    if any(row.state is not State.APPROVED_TO_BOOK for row in rows):
        return NotBookable(field="application_ids")
    if any(row.expires_on is None or row.expires_on < booking.slot.on for row in rows):
        return PastDeadline(field="date")
    return Contended()
