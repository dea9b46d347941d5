"""Open and closed days: notices, make-up workdays, and years whose notice is not out."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.appointments.book import window_of
from server.appointments.calendar import public_day, statutory_days, weekday_of, year_without_notice


@pytest.mark.parametrize("year", [2025, 2026])
def test_our_holiday_data_agree_with_the_published_calendar(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]

    assert [on for on in days if public_day(on).closed is chinese_calendar.is_workday(on)] == []


def test_a_make_up_saturday_is_open() -> None:
    assert not public_day(date(2026, 2, 14)).closed


def test_new_year_2027_is_closed_though_no_notice_is_out() -> None:
    day = public_day(date(2027, 1, 1))

    assert (day.closed, day.provisional) == (True, True)
    assert day.label == "2027-01-01 (星期五)"


def test_the_thirteen_statutory_days_of_2027() -> None:
    assert sorted(statutory_days(2027)) == [
        date(2027, 1, 1),
        *(date(2027, 2, 5) + timedelta(days=n) for n in range(4)),
        date(2027, 4, 5),
        date(2027, 5, 1),
        date(2027, 5, 2),
        date(2027, 6, 9),
        date(2027, 9, 15),
        date(2027, 10, 1),
        date(2027, 10, 2),
        date(2027, 10, 3),
    ]


@pytest.mark.parametrize(("year", "day"), [(2030, 5), (2031, 5), (2032, 4), (2033, 4), (2034, 5), (2040, 4)])
def test_qingming_is_the_day_of_the_almanac(year: int, day: int) -> None:
    assert {on for on in statutory_days(year) if on.month == 4} == {date(year, 4, day)}


@given(st.dates(date(2024, 1, 1), date(2099, 12, 20)))
def test_every_year_has_open_and_closed_days(on: date) -> None:
    following = [public_day(on + timedelta(days=ahead)) for ahead in range(1, 16)]

    assert not all(day.closed for day in following)


@given(st.dates(date(2028, 1, 1), date(2099, 12, 31)))
def test_a_year_without_notice_has_thirteen_days_and_closed_weekends(on: date) -> None:
    assert len(statutory_days(on.year)) >= 12  # two may fall on one day
    assert public_day(on).closed or on.weekday() < 5


@given(st.sets(st.integers(1, 12), min_size=1))
def test_the_arrival_window_lies_in_the_slot(places: set[int]) -> None:
    begins, ends = window_of("10:00", sorted(places))

    assert "10:00" <= begins < ends <= "11:00"


@pytest.mark.parametrize(
    ("today", "year"),
    [
        (date(2025, 12, 1), None),
        (date(2026, 10, 31), None),
        (date(2026, 11, 1), 2027),
        (date(2026, 12, 31), 2027),
        (date(2027, 1, 1), 2027),
        (date(2027, 12, 1), 2027),
        (date(2028, 1, 1), 2028),
    ],
)
def test_next_year_s_notice_is_missed_from_november_and_this_year_s_always(today: date, year: int | None) -> None:
    assert year_without_notice(today) == year


def test_weekdays_are_the_manuals() -> None:
    assert [weekday_of(date(2025, 6, 12) + timedelta(days=n)) for n in range(4)] == ["四", "五", "六", "日"]
