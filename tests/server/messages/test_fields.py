"""WeChat's rules for fields, and texts that keep to them whatever the names are: properties over every event."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.messages import Channel
from server.messages.events import EventName
from server.messages.fields import cut, fill_shortened, fits, longest, one_line, type_of, width
from server.messages.texts import message_texts
from server.messages.values import person_values
from server.messages.wording import Wording
from tests.server.messages.test_texts import MANUAL
from tests.simulator.api import values as simulated_wechat

MINI_PROGRAM = Channel.MINI_PROGRAM

# What config/validators.yaml takes for a name: every Han range, letters, and the point within minority names.
HAN = "一丁张李王赵陈欧阳司马诸葛䶮㛃𠮷𠀀𪚥"
names = st.text(HAN, min_size=2, max_size=50) | st.builds(
    "·".join, st.lists(st.text(HAN, min_size=1, max_size=9), min_size=2, max_size=5)
)
latin = st.from_regex(r"[A-Z][a-z]{1,20}( [A-Z][a-z]{1,20}){0,2}", fullmatch=True)
people = st.lists(names | latin, min_size=1, max_size=12)
firms = st.text(HAN + "北京会计师事务所", min_size=2, max_size=60).flatmap(
    lambda name: st.sampled_from([name, f"{name}（特殊普通合伙）", f"{name}（特殊普通合伙）北京分所"])
)
free_text = st.text(min_size=1, max_size=300).filter(lambda text: one_line(text) != "")
events = st.sampled_from([(name, channel) for name in EventName for channel in (Channel.WECHAT, MINI_PROGRAM)])


def fields_of(name: EventName, channel: Channel, **values: str) -> dict[str, str]:
    wording = Wording(name, MANUAL | values, "firm")
    text = wording.wechat if channel is Channel.WECHAT else wording.subscribe
    return text.fields if text else {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "一" * 20),
        ("number2", "-1234.5"),
        ("letter3", "abcXYZ"),
        ("symbol4", "+-*/%"),
        ("character_string5", "A-2025/06#1"),
        ("time6", "15:01"),
        ("time6", "2019年10月1日 15:01"),
        ("time6", "2019年10月1日 15:01~2019年10月1日 16:00"),
        ("date7", "2019年10月1日"),
        ("date7", "2019-10-01 15:01"),
        ("date7", "2019/10/1~2019/10/3"),
        ("amount8", "¥100.50"),
        ("amount8", "100元"),
        ("phone_number9", "+86-0766-66888866"),
        ("car_number10", "粤A8Z888挂"),
        ("name11", "阿卜杜拉·买买提"),
        ("name11", "Alexander Hamilton"),
        ("phrase12", "审核不通过"),
    ],
)
def test_wechat_takes(key: str, value: str) -> None:
    assert fits(MINI_PROGRAM, key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "一" * 21),
        ("thing1", "𠮷" * 11),  # two units each
        ("thing1", "两\n行"),
        ("thing1", "响铃\x07"),
        ("thing1", ""),
        ("number2", "1,234"),
        ("letter3", "abc1"),
        ("symbol4", "++++++"),
        ("character_string5", "编号1"),
        ("character_string5", "A 1"),
        ("character_string5", "1" * 33),
        ("time6", "25:01"),
        ("time6", "2019-10-01 15:01"),
        ("date7", "2019年13月1日"),
        ("date7", "2019-10/01"),
        ("amount8", "12345678901"),
        ("phone_number9", "0" * 18),
        ("car_number10", "粤A8Z888888"),
        ("name11", "一" * 11),
        ("name11", "A" * 21),
        ("phrase12", "已办理ok"),
        ("phrase12", "一二三四五六"),
    ],
)
def test_wechat_refuses(key: str, value: str) -> None:
    assert not fits(MINI_PROGRAM, key, value)


def test_a_service_account_shows_twenty_characters_of_any_field() -> None:
    assert longest(Channel.WECHAT, "character_string1") == 20
    assert longest(MINI_PROGRAM, "character_string1") == 32


def test_all_names_are_shown_while_they_fit_and_then_the_first_and_how_many() -> None:
    shown = [
        fields_of(EventName.BOOKED, MINI_PROGRAM, **person_values(people))["thing2"]
        for people in (["张三", "李四"], ["张三"] * 8, ["阿卜杜热合曼·买买提艾力·吐尔逊江·玉素甫"] * 3)
    ]

    assert shown == ["张三、李四", "张三等8人", "3人"]


def test_free_text_takes_the_room_that_the_rest_leaves() -> None:
    filled = fill_shortened("{title}已发布，{w}", {"title": "通" * 30, "w": "五"}, frozenset({"title"}), 20)

    assert filled == "通" * 14 + "…已发布，五"


def test_of_several_free_texts_the_longest_is_cut_the_most() -> None:
    values = {"bring": "证书", "title": "通" * 30, "remark": "注" * 8}

    filled = fill_shortened("{title}{bring}{remark}", values, frozenset(values), 20)

    assert filled == "通" * 9 + "…证书" + "注" * 8


def test_free_text_ends_in_an_ellipsis() -> None:
    fields = fields_of(
        EventName.BOOKED, MINI_PROGRAM, business="注册会计师任职资格检查及其他事项一并申请办理", people="1"
    )

    assert fields["thing1"] == "注册会计师任职资格检查及其他事项一并申…"


@given(event=events, named=people, firm=firms, label=free_text, place=free_text)
def test_every_field_of_every_event_is_what_wechat_takes(
    event: tuple[EventName, Channel], named: list[str], firm: str, label: str, place: str
) -> None:
    name, channel = event
    values = person_values(named) | {"account_name": firm, "account_short": firm, "business": label, "title": label}

    fields = fields_of(name, channel, location_short=place, **values)

    assert [(key, value) for key, value in fields.items() if not fits(channel, key, value)] == []
    assert [(key, value) for key, value in fields.items() if not simulated_wechat.fits(key, value)] == []


@given(event=events, named=people)
def test_a_name_is_shown_whole_or_not_at_all(event: tuple[EventName, Channel], named: list[str]) -> None:
    shown = fields_of(*event, **person_values(named)).get("thing2", "您的账号")

    whole = {"、".join(named), f"{named[0]}等{len(named)}人", f"{len(named)}人"}
    assert shown in whole | {MANUAL["account_name"], "您的账号", "北京注册会计师协会"}


@given(event=events, firm=firms)
def test_a_firm_s_name_is_shown_whole_or_not_at_all(event: tuple[EventName, Channel], firm: str) -> None:
    shown = fields_of(*event, account_name=firm, account_short=re.sub("（.*?）", "", firm)).get("thing2", "您的账号")

    assert shown in {firm, re.sub("（.*?）", "", firm), "您的账号", MANUAL["first"], "北京注册会计师协会"}


@given(event=events, label=free_text)
def test_a_time_is_never_cut(event: tuple[EventName, Channel], label: str) -> None:
    fields = fields_of(*event, business=label, title=label, time="2025年12月31日 15:30", date="2025-12-31")

    assert {value for key, value in fields.items() if type_of(key) == "time"} <= {"2025年12月31日 15:30"}
    assert "date" not in str(message_texts().events[event[0]].wechat) or "2025-12-31" in fields.get(
        "thing5", "2025-12-31"
    )


@given(text=st.text(), room=st.integers(0, 40))
def test_what_is_cut_fits_and_says_so(text: str, room: int) -> None:
    short = cut(text, room)

    assert width(short) <= room
    assert short == text or room == 0 or (short.endswith("…") and text.startswith(short[:-1]))
    assert short.encode("utf-16-le").decode("utf-16-le") == short
