"""Business dates are Beijing's, whatever the machine thinks."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from server import clock


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    yield
    clock.set_offset(0)


def test_a_wall_clock_time_is_beijing_s() -> None:
    assert clock.at(date(2026, 11, 24), "10:00") == datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def test_the_business_date_turns_at_midnight_in_beijing() -> None:
    midnight = clock.at(date(2026, 12, 1), "00:00")

    clock.set_offset((midnight - clock.now()).total_seconds() + 1)
    after = clock.today()
    clock.set_offset((midnight - datetime.now(UTC)).total_seconds() - 1)
    before = clock.today()

    assert (before, after) == (date(2026, 11, 30), date(2026, 12, 1))


def test_an_offset_moves_now() -> None:
    clock.set_offset(600)

    assert 599 < (clock.now() - datetime.now(UTC)).total_seconds() <= 600
