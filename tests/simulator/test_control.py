"""The control interface: phones, faults, counters, a new world."""

import pytest

from tests.simulator.app import Simulator
from tests.simulator.conftest import TEMPLATE, Caller
from tests.simulator.phones import Phone


async def test_two_phones_are_there_from_the_start_with_the_same_openids_every_time(
    caller: Caller, simulator: Simulator
) -> None:
    before = await caller.get("/_/phones")
    await caller.post("/_/reset")
    after = await caller.get("/_/phones")

    assert [phone["name"] for phone in before] == ["手机甲", "手机乙"]
    assert before == after
    assert {len(phone["openid"]) for phone in before} == {28}


async def test_a_new_phone_is_a_new_person(caller: Caller) -> None:
    made = [await caller.post("/_/phones", {"name": "手机丙"}) for _ in range(2)]

    assert len({phone["openid"] for phone in made} | {phone["mini_openid"] for phone in made}) == 4
    assert [phone["name"] for phone in await caller.get("/_/phones")] == ["手机甲", "手机乙", "手机丙", "手机丙"]


async def test_a_phone_nobody_has_is_refused(caller: Caller) -> None:
    answer = await caller.post("/_/phones/nobody/follow")

    assert answer["errcode"] == 40003


async def test_messages_are_listed_as_shown(caller: Caller, follower: Phone) -> None:
    await caller.send(follower, url="https://example.test/x")

    (message,) = await caller.get(f"/_/phones/{follower.openid}/messages")

    assert (message["kind"], message["template_id"], message["fields"], message["url"]) == (
        "template",
        TEMPLATE,
        {"thing1": "预约成功"},
        "https://example.test/x",
    )


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"endpoint": "template/send"},
        {"endpoint": "template/send", "errcode": 1, "drop": "reply"},
        {"endpoint": "template/send", "drop": "nothing"},
        {"endpoint": "template/send", "errcode": 1, "times": 0},
        {"endpoint": "template/send", "errcode": 1, "surprise": 1},
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(caller: Caller, fault: dict[str, object]) -> None:
    assert (await caller.post("/_/faults", fault))["errcode"] == 47001
    assert await caller.get("/_/faults") == []


async def test_faults_are_listed_and_forgotten(caller: Caller) -> None:
    await caller.post("/_/faults", {"endpoint": "template/send", "errcode": -1, "times": 3})
    (listed,) = await caller.get("/_/faults")

    await caller.http.delete(f"{caller.url}/_/faults")

    assert (listed["endpoint"], listed["errcode"], listed["left"]) == ("template/send", -1, 3)
    assert await caller.get("/_/faults") == []


async def test_the_counters_count_calls_shown_messages_and_refusals(caller: Caller, follower: Phone) -> None:
    await caller.send(follower, client_msg_id="d-1")
    await caller.send(follower, client_msg_id="d-1")
    await caller.send(follower, touser="nobody")

    counters = await caller.get("/_/counters")

    assert counters["cgi-bin/message/template/send"] == 3
    assert counters["template/send visible"] == 1
    assert counters["errcode 40003"] == 1


async def test_a_reset_forgets_everything(caller: Caller, simulator: Simulator, follower: Phone) -> None:
    token = (await caller.new_token())["access_token"]
    await caller.send(follower)
    await caller.post("/_/faults", {"endpoint": "stable_token", "errcode": -1})

    await caller.post("/_/reset")

    assert await caller.get("/_/counters") == {}
    assert await caller.get("/_/faults") == []
    assert follower.openid not in simulator.platform.phones
    answer = await caller.post("/cgi-bin/qrcode/create", {}, access_token=token)
    assert answer["errcode"] == 40001


async def test_the_newest_qr_code_is_listed_first(caller: Caller, follower: Phone) -> None:
    old, new = await caller.create_qr("a"), await caller.create_qr("b")
    await caller.on_phone(follower, "scan", {"url": old["url"]})

    listed = await caller.get("/_/qr-codes")

    assert [(code["url"], code["scanned"]) for code in listed] == [(new["url"], False), (old["url"], True)]
