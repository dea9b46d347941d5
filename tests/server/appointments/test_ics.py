"""A visit as a calendar file: what a phone reads (RFC 5545)."""

import re
from datetime import date
from uuid import UUID

import pytest

from models.appointments import Appointment, AppointmentState
from server import clock
from server.appointments.ics import calendar_file


def visit(state: AppointmentState = AppointmentState.SUCCESS) -> Appointment:
    return Appointment(
        id=UUID(int=1), on_date=date(2026, 11, 25), window_from="10:00", window_to="10:10", state=state, version=3
    )


def lines_of(file: bytes) -> list[str]:
    """Unfolded, without the moment at which it was made."""
    text = file.decode()
    assert text.endswith("\r\n")
    lines = text.replace("\r\n ", "").split("\r\n")
    return [line for line in lines if line and not line.startswith("DTSTAMP")]


HEAD = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//BICPA//zcgl//ZH", "METHOD:PUBLISH", "BEGIN:VEVENT"]
WHAT = [
    "UID:00000000-0000-0000-0000-000000000001@zcgl.bicpa.org.cn",
    "SEQUENCE:3",
    "DTSTART:20261125T020000Z",
    "DTEND:20261125T021000Z",
    "SUMMARY:注册申请",
    "LOCATION:海淀区",
    "DESCRIPTION:请携带证书",
]
DAY_BEFORE = ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-P1D", "DESCRIPTION:注册申请", "END:VALARM"]
HOUR_BEFORE = ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H", "DESCRIPTION:注册申请", "END:VALARM"]
FOOT = ["END:VEVENT", "END:VCALENDAR"]


def test_a_visit_reminds_its_owner_a_day_and_an_hour_before() -> None:
    lines = lines_of(calendar_file(visit(), "注册申请", "海淀区", "请携带证书"))

    assert lines == [*HEAD, *WHAT, "STATUS:CONFIRMED", *DAY_BEFORE, *HOUR_BEFORE, *FOOT]


def test_a_cancelled_visit_says_so_and_reminds_nobody() -> None:
    lines = lines_of(calendar_file(visit(AppointmentState.CANCELLED), "注册申请", "海淀区", "请携带证书"))

    assert lines == [*HEAD, *WHAT, "STATUS:CANCELLED", *FOOT]


def test_the_file_says_when_it_was_made() -> None:
    before = f"{clock.now():%Y%m%dT%H%M%SZ}"
    stamp = re.search(r"\r\nDTSTAMP:(\S+)\r\n", calendar_file(visit(), "", "", "").decode())

    assert stamp is not None
    assert before <= stamp[1] <= f"{clock.now():%Y%m%dT%H%M%SZ}"


@pytest.mark.parametrize(
    ("text", "written"),
    [("一，二,三", "一，二\\,三"), ("a;b", "a\\;b"), ("c:\\d", "c:\\\\d"), ("第一行\n第二行", "第一行\\n第二行")],
    ids=["comma", "semicolon", "backslash", "line break"],
)
def test_what_means_something_in_a_calendar_file_is_escaped(text: str, written: str) -> None:
    lines = lines_of(calendar_file(visit(), text, text, text))

    assert [line for line in lines if written in line] == [
        f"SUMMARY:{written}",
        f"LOCATION:{written}",
        f"DESCRIPTION:{written}",
        f"DESCRIPTION:{written}",
        f"DESCRIPTION:{written}",
    ]


@pytest.mark.parametrize(
    ("summary", "folded"),
    [
        ("a" * 67, ["SUMMARY:" + "a" * 67]),
        ("a" * 68, ["SUMMARY:" + "a" * 67, " a"]),
        ("a" * 142, ["SUMMARY:" + "a" * 67, " " + "a" * 74, " a"]),
        ("字" * 23, ["SUMMARY:" + "字" * 22, " 字"]),
    ],
    ids=["seventy-five octets", "one more", "three lines", "no character is halved"],
)
def test_a_long_line_is_folded_at_seventy_five_octets(summary: str, folded: list[str]) -> None:
    lines = calendar_file(visit(AppointmentState.CANCELLED), summary, "", "").decode().split("\r\n")

    at = lines.index(folded[0])
    assert lines[at : at + len(folded) + 1] == [*folded, "LOCATION:"]
