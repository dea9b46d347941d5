"""The values that texts are filled with."""

from datetime import UTC, date, datetime

import pytest

from models.accounts import Account
from models.appointments import Appointment
from server import clock
from server.messages.values import account_values, person_values, time_value, visit_values


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("测试会计师事务所（特殊普通合伙）", "测试会计师事务所"),
        ("测试会计师事务所(特殊普通合伙)北京分所", "测试会计师事务所北京分所"),
        ("测试单位201", "测试单位201"),
        ("（测试）", "（测试）"),
    ],
)
def test_an_account_s_short_name_leaves_out_what_stands_in_brackets(name: str, short: str) -> None:
    values = account_values(Account(name=name))

    assert (values["account_name"], values["account_short"], values["people"]) == (name, short, "1")


def test_a_time_is_read_in_beijing() -> None:
    assert time_value(datetime(2025, 6, 12, 17, 5, tzinfo=UTC)) == "2025年6月13日 01:05"


def test_the_time_of_an_account_s_message_is_now() -> None:
    before = clock.now()
    told = account_values(Account(name="测试单位201"))["time"]

    assert time_value(before) <= told <= time_value(clock.now())


def test_people_are_named_and_counted() -> None:
    assert person_values(["张三", "李四"]) == {"first": "张三", "all_names": "张三、李四", "people": "2"}


def test_a_visit_is_told_by_its_arrival_window() -> None:
    visit = Appointment(on_date=date(2025, 6, 13), start="10:00", window_from="10:05", window_to="10:15")

    assert visit_values(visit) == {
        "date": "2025-06-13",
        "w": "五",
        "start": "10:05",
        "end": "10:15",
        "time": "2025年6月13日 10:05",
    }
