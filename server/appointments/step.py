"""The one door to an appointment's state: every step begins with a compare-and-swap on (state, version)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models.appointments import Appointment, AppointmentState, Outcome, Visit
from server import clock
from server.appointments.refusals import AppointmentConflict
from server.appointments.slots import Slot
from server.businesses import catalogue

_ENDED = {  # by what the last of its people had, where nobody was served
    Outcome.DONE: AppointmentState.DONE,
    Outcome.NO_SHOW: AppointmentState.NO_SHOW,
    Outcome.CANCELLED: AppointmentState.CANCELLED,
}


async def step(appointment: Appointment, **changes: Any) -> None:
    """Claim the appointment for one step of the running transaction. Raises AppointmentConflict when it moved."""
    moved = await Appointment.filter(
        id=appointment.id, state=AppointmentState.SUCCESS, version=appointment.version
    ).update(version=appointment.version + 1, **changes)
    if moved != 1:
        raise await _conflict(appointment)
    for name, value in {"version": appointment.version + 1, **changes}.items():
        setattr(appointment, name, value)


async def _conflict(appointment: Appointment) -> AppointmentConflict:
    present = await Appointment.get(id=appointment.id)
    label = catalogue().appointments.record_statuses[present.state.value].label
    return AppointmentConflict(
        f"该预约刚刚被处理，当前状态为“{label}”，请刷新后再试", state=present.state.value, version=present.version
    )


async def open_visits(
    appointment: Appointment, application_ids: Sequence[UUID] | None = None, *, waiting: bool = False
) -> list[Visit]:
    """People of the appointment without a result, all or the named ones, or those still `waiting` to be checked in;
    raises AppointmentConflict when a named one has a result already or none is left."""
    open_ = Visit.filter(appointment_id=appointment.id, outcome__isnull=True)
    visits = await (open_.filter(checked_in_at__isnull=True) if waiting else open_).order_by("application_id")
    chosen = [v for v in visits if application_ids is None or v.application_id in application_ids]
    if not chosen or (application_ids is not None and len(chosen) != len(set(application_ids))):
        raise AppointmentConflict("所选人员已有办理结果，请刷新后再试")
    return chosen


async def change_visits(visits: Sequence[Visit], *, unchecked: bool = False, **changes: Any) -> None:
    """Write `changes` to these people; all must still be without a result (and not checked in, if `unchecked`)."""
    conditions = {"checked_in_at__isnull": True} if unchecked else {}
    changed = await Visit.filter(id__in=[v.id for v in visits], outcome__isnull=True, **conditions).update(**changes)
    if changed != len(visits):
        raise AppointmentConflict("有人已签到或已有办理结果，请刷新后再试")


async def end_visits(
    visits: Sequence[Visit], outcome: Outcome, *, keep_places: bool = False, unchecked: bool = False
) -> None:
    """Give these people their result; their places are given back unless kept for the record."""
    changes: dict[str, Any] = {"outcome": outcome, "live_application_id": None, "ended_at": clock.now()}
    if not keep_places:
        changes["place_no"] = None
    await change_visits(visits, unchecked=unchecked, **changes)


async def state_after(appointment: Appointment, ending: Sequence[Visit], outcome: Outcome) -> AppointmentState:
    """The appointment's state once these people have this result: it ends when everyone has one, as done when anyone
    was served (D19)."""
    others = [
        visit
        for visit in await Visit.filter(appointment_id=appointment.id)
        if visit.id not in {v.id for v in ending} and visit.outcome is not Outcome.CANCELLED
    ]
    if any(visit.outcome is None for visit in others):
        return AppointmentState.SUCCESS
    served = any(visit.outcome is Outcome.DONE for visit in others)
    return _ENDED[Outcome.DONE if served else outcome]


def slot_of(appointment: Appointment) -> Slot:
    return Slot(appointment.desk, appointment.on_date, appointment.start)


def places_of(visits: Sequence[Visit]) -> tuple[int, ...]:
    return tuple(v.place_no for v in visits if v.place_no is not None)
