"""The one source of time: aware UTC instants, and business dates in Asia/Shanghai."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_offset = timedelta(0)


def set_offset(seconds: float) -> None:
    """Move this process's clock, for tests; settings refuse an offset in production."""
    global _offset  # noqa: PLW0603 - one clock a process, set once by the composition root
    _offset = timedelta(seconds=seconds)


def now() -> datetime:
    """The present instant, zone-aware, in UTC."""
    return datetime.now(UTC) + _offset


def local_now() -> datetime:
    return datetime.now(SHANGHAI) + _offset


def today() -> date:
    """The business date in Beijing."""
    return local_now().date()


def at(day: date, hh_mm: str) -> datetime:
    """The instant of a Beijing wall-clock time, in UTC: at(2026-11-24, "10:00")."""
    hour, minute = map(int, hh_mm.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)
