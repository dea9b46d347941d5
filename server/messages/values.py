"""The values that texts are filled with, from accounts, appointments and names."""

import re
from collections.abc import Sequence
from datetime import datetime

from models.accounts import Account
from models.appointments import Appointment
from server import clock

_WEEKDAYS = "一二三四五六日"
_BRACKETED = re.compile(r"（[^（）]*）|\([^()]*\)")


def account_values(account: Account) -> dict[str, str]:
    """`time` as WeChat wants it (24 h, Beijing): 2025年6月13日 10:00. `account_short` leaves out （特殊普通合伙）."""
    return {
        "account_name": account.name,
        "account_short": _BRACKETED.sub("", account.name) or account.name,
        "time": time_value(clock.now()),
        "people": "1",
    }


def time_value(at: datetime) -> str:
    local = at.astimezone(clock.SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def person_values(names: Sequence[str]) -> dict[str, str]:
    return {"first": names[0], "all_names": "、".join(names), "people": str(len(names))}


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
