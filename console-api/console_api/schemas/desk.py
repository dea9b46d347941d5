"""Requests and answers of the service desk and the calendar."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from models.appointments import AppointmentState
from server.appointments.closing import OnBookings
from server.appointments.queries import Attendance, FullAppointment
from server.businesses import catalogue
from server.http.schemas import Body, Code, Day, Line, Moment, Start, View


class DayQuery(Body):
    date: Day | None = None
    desk: Code | None = None


class PeopleRequest(Body):
    """Without names: everyone of the appointment."""

    application_ids: list[UUID] | None = Field(None, min_length=1, max_length=12)


class CalendarOrder(Body):
    closed: bool
    reason: Annotated[Line, Field(max_length=100)] = ""
    on_bookings: OnBookings = OnBookings.REFUSE
    desk: Code | None = None


class CapacityOrder(Body):
    date: Day
    start: Start
    places: int = Field(ge=0, le=12)
    desk: Code | None = None


class VisitorView(View):
    application_id: UUID
    name: str
    cpa_no: str
    state: str
    outcome: str | None
    checked_in_at: Moment | None

    @classmethod
    def of(cls, found: Attendance) -> Self:
        visit, application = found.visit, found.application
        return cls(
            application_id=application.id,
            name=application.name,
            cpa_no=application.cpa_no,
            state=application.state.value,
            outcome=visit.outcome.value if visit.outcome else None,
            checked_in_at=visit.checked_in_at,
        )


class DeskAppointment(View):
    id: UUID
    account: str
    business: str
    business_label: str
    date: date
    start: str
    window_from: str
    window_to: str
    status: AppointmentState
    status_label: str
    people: list[VisitorView]
    version: int

    @classmethod
    def of(cls, full: FullAppointment) -> Self:
        appointment = full.appointment
        status = catalogue().appointments.record_statuses[appointment.state.value]
        return cls(
            id=appointment.id,
            account=full.account.name if full.account else "",
            business=appointment.business,
            business_label=catalogue().businesses[appointment.business].label,
            date=appointment.on_date,
            start=appointment.start,
            window_from=appointment.window_from,
            window_to=appointment.window_to,
            status=appointment.state,
            status_label=status.label,
            people=[VisitorView.of(person) for person in full.people],
            version=appointment.version,
        )


class DeskDay(View):
    desk: str
    date: date
    label: str
    closed: bool
    warning: str | None
    appointments: list[DeskAppointment]
    unfinished: list[DeskAppointment]


class CalendarSlot(View):
    start: str
    end: str
    capacity: int
    remaining: int


class CalendarDay(View):
    desk: str
    date: date
    label: str
    closed: bool
    provisional: bool
    reason: str
    warning: str | None
    slots: list[CalendarSlot]
