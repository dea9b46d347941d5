"""The platform's endpoints answer as documented, also when they say no."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.simulator.app import Simulator
from tests.simulator.conftest import TEMPLATE, Caller, Time
from tests.simulator.faults import Fault
from tests.simulator.phones import Phone

SEND = "/cgi-bin/message/template/send"


async def test_a_stable_token_is_the_same_for_everybody_until_shortly_before_its_end(
    caller: Caller, time: Time
) -> None:
    first = await caller.new_token()
    second = await caller.new_token()
    time.later = 7200 - 299
    renewed = await caller.new_token()

    assert first["access_token"] == second["access_token"]
    assert first["expires_in"] == 7200
    assert renewed["access_token"] != first["access_token"]


async def test_the_old_token_works_on_for_its_last_five_minutes(
    caller: Caller, simulator: Simulator, time: Time, follower: Phone
) -> None:
    old = (await caller.new_token())["access_token"]
    time.later = 7200 - 200
    await caller.new_token()
    body = {"touser": follower.openid, "template_id": TEMPLATE, "data": {"thing1": {"value": "值"}}}

    overlap = await caller.post(SEND, body, access_token=old)
    time.later = 7200
    over = await caller.post(SEND, body, access_token=old)

    assert (overlap["errcode"], over["errcode"]) == (0, 42001)


async def test_a_forced_refresh_kills_the_old_token_at_once_and_is_rare(caller: Caller) -> None:
    old = (await caller.new_token())["access_token"]

    forced = await caller.new_token(force_refresh=True)
    again = await caller.new_token(force_refresh=True)

    assert forced["access_token"] != old
    assert (await caller.post(SEND, {}, access_token=old))["errcode"] == 40001
    assert again["errcode"] == 45011


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"secret": "wrong"}, 40125), ({"appid": "wx-unknown"}, 40013), ({"grant_type": "password"}, 40002)],
)
async def test_a_token_is_given_only_to_its_app(caller: Caller, changes: dict[str, str], code: int) -> None:
    answer = await caller.new_token(**changes)

    assert answer["errcode"] == code
    assert "access_token" not in answer


@pytest.mark.parametrize(("token", "code"), [("", 41001), ("made-up", 40001)])
async def test_without_a_good_token_nothing_is_done(caller: Caller, follower: Phone, token: str, code: int) -> None:
    answer = await caller.post(SEND, {"touser": follower.openid}, access_token=token)

    assert answer["errcode"] == code
    assert follower.messages == []


async def test_every_token_given_out_can_be_killed(caller: Caller, follower: Phone) -> None:
    token = (await caller.new_token())["access_token"]

    await caller.post("/_/tokens/kill")

    assert (await caller.post(SEND, {}, access_token=token))["errcode"] == 40001


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


async def login(caller: Caller, simulator: Simulator, code: str, **changes: str) -> Any:
    mini = simulator.platform.setup.mini_program
    query = {"appid": mini.appid, "secret": mini.secret.get_secret_value(), "js_code": code, **changes}
    return await caller.get("/sns/jscode2session", **query)


async def test_a_login_code_is_good_once(caller: Caller, simulator: Simulator, phone: Phone) -> None:
    code = (await caller.on_phone(phone, "code"))["code"]

    first = await login(caller, simulator, code)
    second = await login(caller, simulator, code)

    assert (first["openid"], first["unionid"]) == (phone.mini_openid, phone.unionid)
    assert second["errcode"] == 40163


async def test_a_login_code_is_good_for_five_minutes(
    caller: Caller, simulator: Simulator, phone: Phone, time: Time
) -> None:
    code = (await caller.on_phone(phone, "code"))["code"]
    time.later = 301

    assert (await login(caller, simulator, code))["errcode"] == 40029


@pytest.mark.parametrize(("changes", "code"), [({}, 40029), ({"secret": "x"}, 40125), ({"appid": "x"}, 40013)])
async def test_a_login_code_of_nobody_is_refused(
    caller: Caller, simulator: Simulator, changes: dict[str, str], code: int
) -> None:
    assert (await login(caller, simulator, "made-up", **changes))["errcode"] == code


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(caller: Caller, body: bytes) -> None:
    async with caller.http.post(f"{caller.url}/cgi-bin/stable_token", data=body) as answer:
        assert (await answer.json())["errcode"] == 47001


async def test_an_injected_errcode_comes_as_often_as_asked(caller: Caller, follower: Phone) -> None:
    await caller.post("/_/faults", {"endpoint": "template/send", "errcode": -1, "times": 2})

    answers = [(await caller.send(follower))["errcode"] for _ in range(3)]

    assert answers == [-1, -1, 0]
    assert len(follower.messages) == 1


@pytest.mark.parametrize(("drop", "shown"), [("request", 0), ("reply", 1)])
async def test_a_dropped_request_did_nothing_and_a_dropped_reply_did(
    caller: Caller, follower: Phone, drop: str, shown: int
) -> None:
    await caller.new_token()
    await caller.post("/_/faults", {"endpoint": "template/send", "drop": drop})

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await caller.send(follower)

    assert len(follower.messages) == shown


async def test_a_delayed_reply_comes(caller: Caller, simulator: Simulator, follower: Phone) -> None:
    simulator.faults.add(Fault(endpoint="template/send", delay=0.01))

    assert (await caller.send(follower))["errcode"] == 0


async def test_a_proxy_in_between_may_answer(caller: Caller) -> None:
    await caller.post("/_/faults", {"endpoint": "stable_token", "status": 502})

    async with caller.http.post(f"{caller.url}/cgi-bin/stable_token") as answer:
        assert answer.status == 502
