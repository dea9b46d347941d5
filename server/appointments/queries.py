"""The read side of visits: what can be booked, an account's appointments, a desk's day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from models.accounts import Account
from models.applications import Application, State
from models.appointments import Appointment, AppointmentState, Visit
from server import clock
from server.accounts.caller import Caller
from server.businesses import catalogue

_SHOWN = ("id", "name", "cpa_no", "state")  # a whole application with its sealed form is several times as dear


@dataclass(frozen=True)
class Attendance:
    """One person of an appointment with what became of him. Of the application only what is shown was read."""

    visit: Visit
    application: Application


@dataclass(frozen=True)
class FullAppointment:
    appointment: Appointment
    people: tuple[Attendance, ...]
    account: Account | None = None


async def list_bookable(caller: Caller) -> dict[str, list[Application]]:
    """Applications that wait for an appointment, by business, in the manual's order of businesses (manual §5)."""
    rows = await Application.filter(account_id=caller.account_id, state=State.APPROVED_TO_BOOK).order_by("id")
    found = {key: [row for row in rows if row.business == key] for key in catalogue().businesses}
    return {key: waiting for key, waiting in found.items() if waiting}


async def list_appointments(
    caller: Caller, state: AppointmentState | None, before: UUID | None, limit: int
) -> list[FullAppointment]:
    """Newest first, at most `limit`, older than the appointment `before`."""
    query = Appointment.filter(account_id=caller.account_id)
    query = query.filter(state=state) if state else query
    query = query.filter(id__lt=before) if before else query
    return await with_people(await query.order_by("-id").limit(limit))


async def list_day(desk: str, on: date) -> list[FullAppointment]:
    """A desk's appointments of a day by arrival, with whose they are; cancelled ones are left out."""
    query = Appointment.filter(desk=desk, on_date=on).exclude(state=AppointmentState.CANCELLED)
    return await _with_accounts(await query.order_by("start", "window_from", "id"))


async def list_unfinished(desk: str) -> list[FullAppointment]:
    """Of days gone by, the appointments of people who were checked in and have no result: nobody but the clerk moves
    them on (decisions D20)."""
    past = Appointment.filter(desk=desk, on_date__lt=clock.today(), state=AppointmentState.SUCCESS)
    full = await _with_accounts(await past.order_by("on_date", "start", "id"))
    return [f for f in full if any(p.visit.checked_in_at and p.visit.outcome is None for p in f.people)]


async def _with_accounts(appointments: Sequence[Appointment]) -> list[FullAppointment]:
    full = await with_people(appointments)
    accounts = {a.id: a for a in await Account.filter(id__in={f.appointment.account_id for f in full})}
    return [FullAppointment(f.appointment, f.people, accounts[f.appointment.account_id]) for f in full]


async def with_people(appointments: Sequence[Appointment]) -> list[FullAppointment]:
    """The appointments with their people, in two queries for all of them."""
    visits = await Visit.filter(appointment_id__in=[a.id for a in appointments]).order_by("application_id")
    rows = Application.filter(id__in=[v.application_id for v in visits]).only(*_SHOWN)
    applications = {row.id: row for row in await rows}
    people: dict[UUID | None, list[Attendance]] = defaultdict(list)
    for visit in visits:
        if visit.application_id in applications:
            people[visit.appointment_id].append(Attendance(visit, applications[visit.application_id]))
    return [FullAppointment(appointment, tuple(people[appointment.id])) for appointment in appointments]
