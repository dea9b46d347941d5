"""Quiet hours: what can wait is not sent at night, Beijing time (config/messages.yaml, `quiet`)."""

import random
from datetime import datetime, timedelta

from config.settings import settings
from server.clock import SHANGHAI, at
from server.messages.events import EventName
from server.messages.texts import message_texts

_SPREAD = timedelta(minutes=10)  # the night's messages do not all leave in the same second


def due_at(moment: datetime, event: str) -> datetime:
    """When a delivery of `event` that is ready at `moment` is due: then, or on the morning after the quiet hours."""
    if settings().quiet_hours and message_texts().events[EventName(event)].can_wait:
        return after_quiet(moment)
    return moment


def after_quiet(moment: datetime) -> datetime:
    """The moment itself by day; at night a moment of the next morning's first ten minutes."""
    hours, local = message_texts().quiet, moment.astimezone(SHANGHAI)
    clock = f"{local:%H:%M}"
    if hours.end <= clock < hours.start:
        return moment
    morning = local.date() + timedelta(days=1 if clock >= hours.start else 0)
    return at(morning, hours.end) + _SPREAD * random.random()  # noqa: S311 - spreads sends, hides nothing
