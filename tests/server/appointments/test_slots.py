"""The choice of places, and the name of a request."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.appointments.slots import HOLD_MS, VIEW_MS, booking_token, choose

TRANSACTION_MS = 5_000
FIRM = UUID("00000000-0000-4000-8000-000000000201")
OTHER = UUID("00000000-0000-4000-8000-000000000202")


@pytest.mark.parametrize(
    ("free", "people", "chosen"),
    [
        ([1, 2, 3, 4], 2, (1, 2)),
        ([1, 3, 4, 6], 2, (3, 4)),
        ([2, 5, 9], 2, (2, 5)),
        ([7], 1, (7,)),
        ([1, 2], 3, ()),
        ([], 1, ()),
    ],
    ids=["earliest", "neighbours first", "no neighbours", "one", "too few", "none"],
)
def test_people_of_one_booking_come_one_after_the_other(free: list[int], people: int, chosen: tuple[int, ...]) -> None:
    assert choose(free, people) == chosen


@given(free=st.sets(st.integers(1, 12)).map(sorted), people=st.integers(1, 12))
def test_as_many_as_asked_for_and_only_free_ones(free: list[int], people: int) -> None:
    chosen = choose(free, people)

    assert len(chosen) == (people if people <= len(free) else 0)
    assert set(chosen) <= set(free)
    assert list(chosen) == sorted(set(chosen))


def test_every_try_with_one_key_has_one_name() -> None:
    assert booking_token(FIRM, "key") == booking_token(FIRM, "key")
    assert len(booking_token(FIRM, "key")) == 32
    assert len({booking_token(FIRM, "key"), booking_token(FIRM, "kez"), booking_token(OTHER, "key")}) == 3


def test_a_row_is_in_every_believed_view_before_its_hold_ends() -> None:
    assert VIEW_MS + TRANSACTION_MS < HOLD_MS
