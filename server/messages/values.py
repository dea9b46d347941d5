"""The values that texts are filled with, from accounts, appointments and names."""

from collections.abc import Sequence

from models.accounts import Account
from models.appointments import Appointment
from server import clock
from server.messages.wording import shorten

_WEEKDAYS = "一二三四五六日"
_NAME = 12  # a WeChat field holds 20 characters: a name so long, and 等12人, fit


def account_values(account: Account) -> dict[str, str]:
    """`time` as WeChat wants it (24 h, Beijing): 2025年6月13日 10:00."""
    now = clock.local_now()
    return {
        "account_name": account.name,
        "account_short": shorten(account.name, 20),
        "time": f"{now.year}年{now.month}月{now.day}日 {now:%H:%M}",
        "people": "1",
    }


def person_values(names: Sequence[str]) -> dict[str, str]:
    return {"first": names[0], "first_short": shorten(names[0], _NAME), "people": str(len(names))}


def visit_values(appointment: Appointment) -> dict[str, str]:
    """Times of the arrival window, not of the slot (decisions D18); `time` is when to come."""
    on, start = appointment.on_date, appointment.window_from
    return {
        "date": on.isoformat(),
        "w": _WEEKDAYS[on.weekday()],
        "start": start,
        "end": appointment.window_to,
        "time": f"{on.year}年{on.month}月{on.day}日 {start}",
    }
