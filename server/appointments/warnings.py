"""Staff are alerted of a year whose holidays nobody has entered, and the alert ends when they are."""

from server import clock
from server.appointments.places import calendar_warning
from server.audit.trail import SYSTEM
from server.businesses import catalogue
from server.messages.alerts import close_alert, raise_alert


async def warn_of_calendar() -> None:
    """One alert a desk, from 1 November on (decisions D22)."""
    for desk in sorted({business.desk for business in catalogue().businesses.values()}):
        subject = f"calendar:{desk}"
        if text := await calendar_warning(desk, clock.today()):
            await raise_alert("holidays_missing", subject, text)
        else:
            await close_alert(subject, SYSTEM.name)
