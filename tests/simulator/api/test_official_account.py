"""The service account's endpoints answer as documented, also when they say no."""

import asyncio
from typing import Any

import pytest

from tests.simulator.app import Simulator
from tests.simulator.conftest import TEMPLATE, Caller, Time
from tests.simulator.phones import Phone


async def test_a_sent_message_is_shown_with_its_fields_and_link(caller: Caller, follower: Phone) -> None:
    answer = await caller.send(follower, url="https://example.test/x")

    (message,) = follower.messages
    assert answer == {"errcode": 0, "errmsg": "ok", "msgid": message.msgid}
    assert (message.kind, message.fields, message.url) == (
        "template",
        {"thing1": "预约成功"},
        "https://example.test/x",
    )


async def test_a_field_over_twenty_characters_is_cut_and_that_is_recorded(caller: Caller, follower: Phone) -> None:
    await caller.send(follower, data={"thing1": {"value": "长" * 21}, "thing2": {"value": "短" * 20}})

    (message,) = follower.messages
    assert message.fields == {"thing1": "长" * 20, "thing2": "短" * 20}
    assert message.cut == ["thing1"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"touser": "nobody"}, 40003),
        ({"template_id": "unknown"}, 40037),
        ({"data": {}}, 47003),
        ({"data": {"thing1": {"value": ""}}}, 47003),
        ({"data": {"thing1": "no object"}}, 47003),
        ({"url": "https://x/" + "y" * 1024}, 40039),
    ],
)
async def test_a_wrong_message_is_refused(
    caller: Caller, follower: Phone, changes: dict[str, object], code: int
) -> None:
    assert (await caller.send(follower, **changes))["errcode"] == code
    assert follower.messages == []


async def test_who_does_not_follow_gets_nothing(caller: Caller, phone: Phone) -> None:
    assert (await caller.send(phone))["errcode"] == 43004
    assert phone.messages == []


async def test_who_muted_the_template_gets_nothing_until_it_is_unmuted(caller: Caller, follower: Phone) -> None:
    await caller.on_phone(follower, "mute", {"template_id": TEMPLATE})
    muted = await caller.send(follower)
    await caller.on_phone(follower, "mute", {"template_id": TEMPLATE, "muted": False})
    heard = await caller.send(follower)

    assert (muted["errcode"], heard["errcode"]) == (43101, 0)
    assert len(follower.messages) == 1


async def test_a_repeated_client_msg_id_is_shown_once_under_one_msgid(
    caller: Caller, simulator: Simulator, follower: Phone
) -> None:
    answers = await asyncio.gather(*(caller.send(follower, client_msg_id="d-1") for _ in range(10)))

    assert len({answer["msgid"] for answer in answers}) == 1
    assert len(follower.messages) == 1
    assert simulator.platform.counters["template/send repeated"] == 9


async def test_after_ten_minutes_the_same_client_msg_id_is_another_message(
    caller: Caller, time: Time, follower: Phone
) -> None:
    first = await caller.send(follower, client_msg_id="d-1")
    time.later = 599
    await caller.send(follower, client_msg_id="d-1")
    time.later = 600
    late = await caller.send(follower, client_msg_id="d-1")

    assert late["msgid"] != first["msgid"]
    assert len(follower.messages) == 2


async def test_one_client_msg_id_to_two_people_is_two_messages(
    caller: Caller, simulator: Simulator, follower: Phone
) -> None:
    other = simulator.platform.add_phone("手机丁", follows=True)

    await caller.send(follower, client_msg_id="d-1")
    await caller.send(other, client_msg_id="d-1")

    assert (len(follower.messages), len(other.messages)) == (1, 1)


async def test_a_spent_quota_is_refused(caller: Caller, follower: Phone) -> None:
    await caller.post("/_/quota", {"endpoint": "template/send", "left": 1})

    answers = [(await caller.send(follower))["errcode"] for _ in range(2)]

    assert answers == [0, 45009]


@pytest.mark.parametrize(
    ("scene", "changes", "code"),
    [
        ("s" * 65, {}, 40053),
        ("", {}, 40053),
        ("s", {"action_name": "QR_SCENE"}, 40053),
        ("s", {"action_info": 1}, 40053),
        ("s", {"expire_seconds": 2_592_001}, 40052),
        ("s", {"expire_seconds": 0}, 40052),
    ],
)
async def test_a_wrong_qr_code_is_refused(caller: Caller, scene: str, changes: dict[str, object], code: int) -> None:
    assert (await caller.create_qr(scene, **changes))["errcode"] == code


async def test_a_qr_code_leads_to_the_phone_page(caller: Caller, simulator: Simulator) -> None:
    made = await caller.create_qr()

    assert made["url"] == f"{simulator.url}/scan#ticket={made['ticket']}"
    assert made["expire_seconds"] == 300
    assert "扫一扫" in await caller.text(f"/scan#ticket={made['ticket']}")


async def info(caller: Caller, openid: str) -> Any:
    token = (await caller.new_token())["access_token"]
    return await caller.get("/cgi-bin/user/info", access_token=token, openid=openid, lang="zh_CN")


async def test_a_follower_is_described_with_the_unionid(caller: Caller, follower: Phone) -> None:
    known = await info(caller, follower.openid)

    assert (known["subscribe"], known["openid"], known["unionid"]) == (1, follower.openid, follower.unionid)
    assert known["subscribe_time"] > 0


async def test_of_one_who_does_not_follow_hardly_anything_is_known(caller: Caller, phone: Phone) -> None:
    known = await info(caller, phone.openid)

    assert known == {"subscribe": 0, "openid": phone.openid, "unionid": phone.unionid}


async def test_without_an_open_platform_account_there_are_no_unionids(caller: Caller, follower: Phone) -> None:
    await caller.post("/_/switches", {"unionids": False})
    code = (await caller.on_phone(follower, "code"))["code"]

    assert "unionid" not in await info(caller, follower.openid)
    assert "unionid" not in await caller.login(code)


async def test_nobody_is_described_by_another_apps_openid(caller: Caller, follower: Phone) -> None:
    assert (await info(caller, follower.mini_openid))["errcode"] == 40003


async def test_two_template_messages_to_one_person_at_once_are_one_too_many(
    caller: Caller, simulator: Simulator, follower: Phone
) -> None:
    simulator.platform.switches.latency = 0.3
    await caller.new_token()

    answers = await asyncio.gather(*(caller.send(follower) for _ in range(2)))

    assert sorted(answer["errcode"] for answer in answers) == [0, 43108]
    assert len(follower.messages) == 1


async def test_messages_to_two_people_at_once_are_sent(caller: Caller, simulator: Simulator, follower: Phone) -> None:
    simulator.platform.switches.latency = 0.02
    other = simulator.platform.add_phone("手机丁", follows=True)

    answers = await asyncio.gather(*(caller.send(phone) for phone in (follower, other)))

    assert [answer["errcode"] for answer in answers] == [0, 0]


async def test_a_day_ends_at_midnight_in_beijing(
    caller: Caller, simulator: Simulator, follower: Phone, time: Time
) -> None:
    await caller.post("/_/quota", {"endpoint": "template/send", "left": 0})
    spent = await caller.send(follower)
    time.later = 86400 - (simulator.platform.now() + 8 * 3600) % 86400
    fresh = await caller.send(follower)

    assert (spent["errcode"], fresh["errcode"]) == (45009, 0)
