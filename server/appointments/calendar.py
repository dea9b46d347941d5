"""Which days the desk is open: weekends, public holidays and make-up workdays; staff's word for a day wins."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from lunardate import LunarDate

from server.businesses import catalogue

WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Day:
    """One day at a desk. `provisional`: the year's official notice is not out yet (decisions D22)."""

    on: date
    closed: bool
    provisional: bool = False
    reason: str = ""

    @property
    def label(self) -> str:
        """2025-06-12 (星期四), the manual's §5."""
        return f"{self.on.isoformat()} (星期{weekday_of(self.on)})"


def weekday_of(on: date) -> str:
    return WEEKDAYS[on.weekday()]


def public_day(on: date) -> Day:
    """What the public calendar says of a day, before staff's overrides.

    Source: the State Council's yearly notices in config/calendar.yaml (make-up workdays are open); years without one
    fall back on the statutory days of the holiday regulation, other weekdays open.
    """
    notices = catalogue().appointments.calendar
    if on.year in notices.years:
        return Day(on, closed=notices.is_closed(on))
    return Day(on, closed=on.weekday() >= 5 or on in statutory_days(on.year), provisional=True)


def year_without_notice(today: date) -> int | None:
    """This year, or from 1 November the next, while its notice is not in config/calendar.yaml (decisions D22)."""
    notices = catalogue().appointments.calendar
    ahead = 1 if today.month >= notices.warn_from_month else 0
    return next((year for year in range(today.year, today.year + ahead + 1) if year not in notices.years), None)


@cache
def statutory_days(year: int) -> frozenset[date]:
    """全国年节及纪念日放假办法 (2024 revision): the thirteen statutory days of a year."""
    new_year = LunarDate(year, 1, 1).to_solar_date()
    return frozenset(
        {
            date(year, 1, 1),
            *(new_year + timedelta(days=n) for n in (-1, 0, 1, 2)),
            _qingming(year),
            date(year, 5, 1),
            date(year, 5, 2),
            LunarDate(year, 5, 5).to_solar_date(),
            LunarDate(year, 8, 15).to_solar_date(),
            date(year, 10, 1),
            date(year, 10, 2),
            date(year, 10, 3),
        }
    )


def _qingming(year: int) -> date:
    """The solar term 清明 by the usual formula of the 21st century."""
    short = year % 100
    return date(year, 4, int(short * 0.2422 + 4.81) - short // 4)
