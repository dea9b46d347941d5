"""Which slots are offered, and the desk's next open day, staff's word for a day included."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import uuid4

import pytest

from models.appointments import DayOverride
from server import clock
from server.appointments.places import days_of, is_offered, next_open_day, offered_slot
from server.appointments.refusals import DayNotOffered, NoSuchSlot
from server.appointments.slots import Slot
from server.errors import Invalid
from tests.engines.engine import Engine

FRIDAY, MONDAY = date(2026, 11, 27), date(2026, 11, 30)


async def staff_say(desk: str, days: Iterable[date], *, closed: bool) -> None:
    for on in days:
        said = {"desk": desk, "on_date": on, "closed": closed, "set_by": uuid4(), "created_at": clock.now()}
        await DayOverride.create(id=f"{desk}:{on}", **said)


@pytest.fixture
def desk() -> str:
    """Nobody else's."""
    return f"desk_{uuid4().hex[:12]}"


@pytest.mark.parametrize(("ahead", "offered"), [(-1, False), (0, False), (1, True), (7, True), (8, False), (9, False)])
def test_the_seven_days_from_tomorrow_are_offered(ahead: int, offered: bool) -> None:
    assert is_offered(MONDAY + timedelta(days=ahead), MONDAY) is offered


def test_a_slot_is_offered_by_its_day_and_its_start() -> None:
    tomorrow = clock.today() + timedelta(days=1)

    assert offered_slot("desk", tomorrow, "10:00") == Slot("desk", tomorrow, "10:00")


@pytest.mark.parametrize(
    ("ahead", "start", "refusal", "field"), [(0, "10:00", DayNotOffered, "date"), (1, "10:01", NoSuchSlot, "start")]
)
def test_what_is_not_offered_is_named(ahead: int, start: str, refusal: type[Invalid], field: str) -> None:
    with pytest.raises(refusal) as refused:
        offered_slot("desk", clock.today() + timedelta(days=ahead), start)

    assert refused.value.field == field


async def test_after_a_friday_comes_monday_unless_staff_say_otherwise(database: Engine, desk: str) -> None:
    by_the_calendar = await next_open_day(desk, FRIDAY)
    await staff_say(desk, [MONDAY], closed=True)
    without_monday = await next_open_day(desk, FRIDAY)
    await staff_say(desk, [FRIDAY + timedelta(days=1)], closed=False)

    assert (by_the_calendar, without_monday) == (MONDAY, MONDAY + timedelta(days=1))
    assert await next_open_day(desk, FRIDAY) == FRIDAY + timedelta(days=1)


async def test_the_word_for_one_desk_is_none_for_another(database: Engine, desk: str) -> None:
    await staff_say(f"{desk[:-1]}_", [MONDAY], closed=True)

    assert await next_open_day(desk, FRIDAY) == MONDAY
    assert (await days_of(desk, [MONDAY]))[MONDAY].closed is False


async def test_a_month_without_an_open_day_ends_all_the_same(database: Engine, desk: str) -> None:
    await staff_say(desk, [FRIDAY + timedelta(days=ahead) for ahead in range(1, 60)], closed=True)

    assert await next_open_day(desk, FRIDAY) == FRIDAY + timedelta(days=30)
