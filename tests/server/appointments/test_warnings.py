"""The warning of a year without holidays is an alert, which ends when somebody enters them."""

from datetime import date
from uuid import uuid4

from models.appointments import DayOverride
from models.messages import Alert
from server import clock
from server.appointments.warnings import warn_of_calendar
from server.businesses import catalogue
from tests.engines.engine import Engine


async def test_a_missing_year_alerts_each_desk_until_staff_enter_a_day(database: Engine) -> None:
    desk = catalogue().appointments.desk
    await Alert.filter(subject=f"calendar:{desk}").delete()
    clock.set_offset((clock.at(date(2098, 12, 1), "10:00") - clock.now()).total_seconds())

    await warn_of_calendar()
    await warn_of_calendar()
    (raised,) = await Alert.filter(subject=f"calendar:{desk}")
    day = {"desk": desk, "on_date": date(2098, 12, 5), "closed": True, "reason": "内部培训"}
    entered = await DayOverride.create(id=f"{desk}:2098-12-05", set_by=uuid4(), created_at=clock.now(), **day)
    await warn_of_calendar()
    (ended,) = await Alert.filter(subject=f"calendar:{desk}")
    await entered.delete()

    assert (raised.kind, raised.times, "2098" in raised.text) == ("holidays_missing", 2, True)
    assert (ended.open_subject, ended.resolved_by) == (None, "系统")
