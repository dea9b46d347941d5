"""What the table says of slots: which places are taken, how many there are, on which days the desk is open."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from models.appointments import DayOverride, Visit
from server import clock
from server.appointments.calendar import Day, public_day, year_without_notice
from server.appointments.refusals import DayNotOffered, NoSuchSlot
from server.appointments.slots import Slot
from server.businesses import catalogue
from server.transactions import up_to_date

CLOSED_TOKEN = "closed"  # noqa: S105 - marks a place closed by staff, no secret

SLOW_LOOK_SECONDS = 1.0  # after which what was read is too old to be a view (slots protocol)
_LONGEST_CLOSED = 31  # days in a row

Rows = list[tuple[int, str]]  # (place, token), as the gate's `fill` takes them


def slots_of(desk: str, days: Iterable[date]) -> list[Slot]:
    """Every slot of a desk on these days, in order."""
    starts = [slot.start for slot in catalogue().appointments.slots]
    return [Slot(desk, on, start) for on in days for start in starts]


def offered_days(today: date) -> list[date]:
    """次日起 7 个自然日 (A9)."""
    rules = catalogue().appointments
    first = today + timedelta(days=rules.first_day_offset)
    return [first + timedelta(days=ahead) for ahead in range(rules.days_ahead)]


def is_offered(on: date, today: date) -> bool:
    rules = catalogue().appointments
    return 0 <= (on - today).days - rules.first_day_offset < rules.days_ahead


def offered_slot(desk: str, on: date, start: str) -> Slot:
    """Raises DayNotOffered or NoSuchSlot."""
    if not is_offered(on, clock.today()):
        raise DayNotOffered(field="date")
    if start not in catalogue().appointments.slot_at:
        raise NoSuchSlot(field="start")
    return Slot(desk, on, start)


async def days_of(desk: str, days: Sequence[date]) -> dict[date, Day]:
    """The calendar of a desk: staff's word for a day wins over the public calendar."""
    overrides = await DayOverride.filter(desk=desk, on_date__in=list(days))
    chosen = {o.on_date: Day(o.on_date, closed=o.closed, reason=o.reason) for o in overrides}
    return {on: chosen.get(on) or public_day(on) for on in days}


async def calendar_warning(desk: str, today: date) -> str | None:
    """What staff must know of the calendar ahead: a year of which neither a notice nor their own word is there."""
    year = year_without_notice(today)
    if (
        year is None
        or await DayOverride.filter(desk=desk, on_date__range=(date(year, 1, 1), date(year, 12, 31))).exists()
    ):
        return None
    return catalogue().appointments.calendar.warning.format(year=year)


async def taken_places(slots: Sequence[Slot]) -> dict[Slot, Rows]:
    """The taken places of slots of one desk, in one SELECT."""
    taken = Visit.filter(desk=slots[0].desk, on_date__in=sorted({slot.on for slot in slots}), place_no__isnull=False)
    rows = await taken.values_list("on_date", "start", "place_no", "token")
    found: dict[Slot, Rows] = defaultdict(list)
    for on, start, place, token in rows:
        found[Slot(slots[0].desk, on, start)].append((place, token))
    return found


def capacity_of(slot: Slot, day: Day) -> int:
    """Places of a slot: none on a closed day."""
    return 0 if day.closed else catalogue().appointments.slot_at[slot.start].capacity


async def read_slots(slots: Sequence[Slot]) -> list[tuple[int, Rows]]:
    """Slots of one desk as the table has them: the capacity and the taken places of each. Views are made of this."""
    async with up_to_date():
        days = await days_of(slots[0].desk, sorted({slot.on for slot in slots}))
        taken = await taken_places(slots)
    return [(capacity_of(slot, days[slot.on]), taken.get(slot, [])) for slot in slots]


async def read_slot(slot: Slot) -> tuple[int, Rows]:
    """One slot, as `read_slots` has it."""
    [found] = await read_slots([slot])
    return found


async def next_open_day(desk: str, on: date) -> date:
    """The first day after `on` on which the desk is open."""
    following = [on + timedelta(days=ahead) for ahead in range(1, _LONGEST_CLOSED)]
    days = await days_of(desk, following)
    return next((day for day in following if not days[day].closed), following[-1])


def closed_rows(slot: Slot, places: Iterable[int]) -> list[Visit]:
    """Rows by which staff keep these places from being booked."""
    shared = {"token": CLOSED_TOKEN, "desk": slot.desk, "on_date": slot.on, "start": slot.start}
    return [Visit(place_no=place, created_at=clock.now(), **shared) for place in places]
