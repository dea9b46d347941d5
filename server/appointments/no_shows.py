"""未到场 by the system: at noon of the next working day, for people nobody recorded (decisions D20)."""

from datetime import timedelta

from models.appointments import Appointment, AppointmentState
from server import clock
from server.applications.advance import SYSTEM
from server.appointments.change import ids_of
from server.appointments.desk import no_show
from server.appointments.places import next_open_day
from server.appointments.refusals import AppointmentConflict
from server.appointments.slots import SlotCounter
from server.appointments.step import open_visits

_OLDEST = timedelta(days=60)
_NOON = "12:00"


async def mark_no_shows(*, gate: SlotCounter) -> int:
    """Record everyone who did not come and is past the clerk's hour. People checked in are never moved.

    Returns how many appointments were recorded.
    """
    today, marked = clock.today(), 0
    past = Appointment.filter(state=AppointmentState.SUCCESS, on_date__lt=today, on_date__gte=today - _OLDEST)
    for appointment in await past.order_by("on_date", "id"):
        if clock.now() >= clock.at(await next_open_day(appointment.desk, appointment.on_date), _NOON):
            marked += await _mark(appointment, gate)
    return marked


async def _mark(appointment: Appointment, gate: SlotCounter) -> bool:
    try:
        missing = await open_visits(appointment, waiting=True)
        await no_show(appointment.id, ids_of(missing), SYSTEM, gate=gate)
    except AppointmentConflict:
        return False  # the clerk was quicker, or everyone left is checked in
    return True
