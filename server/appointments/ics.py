"""A visit as a calendar file (RFC 5545), so that a phone reminds its owner."""

from models.appointments import Appointment, AppointmentState
from server import clock

_FOLD = 75  # octets a line


def calendar_file(appointment: Appointment, summary: str, location: str, description: str) -> bytes:
    """One event over the arrival window, with reminders a day and an hour before; cancelled visits say so."""
    cancelled = appointment.state is AppointmentState.CANCELLED
    begins = clock.at(appointment.on_date, appointment.window_from)
    ends = clock.at(appointment.on_date, appointment.window_to)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//BICPA//zcgl//ZH",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{appointment.id}@zcgl.bicpa.org.cn",
        f"SEQUENCE:{appointment.version}",
        f"DTSTAMP:{clock.now():%Y%m%dT%H%M%SZ}",
        f"DTSTART:{begins:%Y%m%dT%H%M%SZ}",
        f"DTEND:{ends:%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{_escaped(summary)}",
        f"LOCATION:{_escaped(location)}",
        f"DESCRIPTION:{_escaped(description)}",
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        *(_alarm(before, summary) if not cancelled else "" for before in ("-P1D", "-PT1H")),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) + "\r\n" for block in lines for line in block.splitlines()).encode()


def _alarm(before: str, summary: str) -> str:
    return f"BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:{before}\nDESCRIPTION:{_escaped(summary)}\nEND:VALARM"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Lines of at most 75 octets, never cut inside a character; a continuation begins with a space."""
    pieces, piece = [], ""
    for character in line:
        if len((piece + character).encode()) > _FOLD:
            pieces.append(piece)
            piece = " "
        piece += character
    return "\r\n".join([*pieces, piece])
