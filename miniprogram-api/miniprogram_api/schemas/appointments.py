"""Requests and answers of visits."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from miniprogram_api.schemas.consents import SubscribeView
from models.appointments import AppointmentState
from server import clock
from server.appointments.calendar import weekday_of
from server.appointments.grid import GridDay, GridSlot
from server.appointments.queries import Attendance, FullAppointment
from server.businesses import Place, catalogue
from server.http.schemas import Body, Line, Moment, PageQuery, Start, View

ApplicationIds = Annotated[list[UUID], Field(min_length=1, max_length=50)]


class BookingRequest(Body):
    application_ids: ApplicationIds
    date: date
    start: Start


class RescheduleRequest(Body):
    date: date
    start: Start


class GridQuery(Body):
    business: Line
    people: int = Field(1, ge=1, le=50)
    application_ids: list[UUID] = Field(default_factory=list, max_length=50)


class AppointmentQuery(PageQuery):
    status: AppointmentState | None = None


class SlotView(View):
    start: str
    end: str
    period: str
    capacity: int
    remaining: int
    full: bool
    label: str
    bookable: bool

    @classmethod
    def of(cls, found: GridSlot) -> Self:
        rules = catalogue().appointments
        offered = rules.slot_at[found.slot.start]
        full = found.remaining == 0
        return cls(
            start=offered.start,
            end=offered.end,
            period=offered.period,
            capacity=found.capacity,
            remaining=found.remaining,
            full=full,
            label=rules.full_label if full else rules.remain_label.format(n=found.remaining),
            bookable=found.bookable,
        )


class DayView(View):
    date: date
    weekday: str
    closed: bool
    label: str
    slots: list[SlotView]

    @classmethod
    def of(cls, found: GridDay) -> Self:
        """A closed day says 公休日 and has no slots (manual §5)."""
        day = found.day
        label = f"{day.label} {catalogue().appointments.closed_label}" if day.closed else day.label
        return cls(
            date=day.on,
            weekday=weekday_of(day.on),
            closed=day.closed,
            label=label,
            slots=[] if day.closed else [SlotView.of(slot) for slot in found.slots],
        )


class GridView(View):
    business: str
    business_label: str
    people: int
    title: str
    days: list[DayView]


class WaitingView(View):
    id: UUID
    name: str
    cpa_no: str
    id_number: str
    expires_on: date | None


class BookableGroup(View):
    business: str
    label: str
    desk: str
    applications: list[WaitingView]


class BookableView(View):
    groups: list[BookableGroup]


class PersonView(View):
    application_id: UUID
    name: str
    state: str
    outcome: str | None
    checked_in_at: Moment | None

    @classmethod
    def of(cls, found: Attendance) -> Self:
        visit, application = found.visit, found.application
        return cls(
            application_id=application.id,
            name=application.name,
            state=application.state.value,
            outcome=visit.outcome.value if visit.outcome else None,
            checked_in_at=visit.checked_in_at,
        )


class WindowView(View):
    """到场时间."""

    from_: str = Field(serialization_alias="from")
    to: str


class PlaceView(View):
    name: str
    address: str
    contact: str | None
    phone: str | None

    @classmethod
    def of(cls, place: Place) -> Self:
        return cls(name=place.name, address=place.address, contact=place.contact, phone=place.phone)


class AppointmentView(View):
    id: UUID
    business: str
    business_label: str
    date: date
    start: str
    end: str
    window: WindowView
    record_time: str
    people: int
    status: AppointmentState
    status_label: str
    actions: list[str]
    persons: list[PersonView]
    place: PlaceView | None
    bring: list[str]
    version: int
    created_at: Moment

    @classmethod
    def of(cls, full: FullAppointment) -> Self:
        appointment, rules = full.appointment, catalogue().appointments
        business = catalogue().businesses[appointment.business]
        return cls(
            id=appointment.id,
            business=business.key,
            business_label=business.label,
            date=appointment.on_date,
            start=appointment.start,
            end=next(s.end for s in rules.slots if s.start == appointment.start),
            window=WindowView(from_=appointment.window_from, to=appointment.window_to),
            record_time=record_time(appointment.on_date, appointment.window_from, appointment.window_to),
            people=appointment.people,
            status=appointment.state,
            status_label=rules.record_statuses[appointment.state.value].label,
            actions=_actions(appointment.state, appointment.on_date),
            persons=[PersonView.of(person) for person in full.people],
            place=PlaceView.of(business.location) if business.location else None,
            bring=list(business.bring),
            version=appointment.version,
            created_at=appointment.created_at,
        )


class BookedView(AppointmentView):
    subscribe: SubscribeView


def record_time(on: date, window_from: str, window_to: str) -> str:
    """2025-06-13 (星期五) 10:00-10:10, the manual's §6."""
    pattern = catalogue().appointments.record_time
    return pattern.format(
        yyyy=f"{on:%Y}", mm=f"{on:%m}", dd=f"{on:%d}", w=weekday_of(on), start=window_from, end=window_to
    )


def _actions(state: AppointmentState, on: date) -> list[str]:
    """The record's buttons; 改约 and 取消 only before the day of the visit."""
    actions = catalogue().appointments.record_statuses[state.value].actions
    return [action for action in actions if on > clock.today() or action not in ("改约", "取消")]
