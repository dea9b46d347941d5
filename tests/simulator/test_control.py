"""The control interface: phones, faults, counters, a new world."""

import pytest

from tests.simulator.app import Simulator
from tests.simulator.conftest import SUBSCRIBE, TEMPLATE, Caller, StubService
from tests.simulator.phones import KEPT_IN_A_CROWD, KEPT_MESSAGES, Phone


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


async def test_a_crowd_is_made_at_once_and_listed_nowhere(caller: Caller, simulator: Simulator) -> None:
    first = await caller.post("/_/crowd", {"count": 2, "credits": {SUBSCRIBE: 3}})
    second = await caller.post("/_/crowd", {"count": 1, "follows": False})

    assert first["openids"] == ["oOfficial-crowd-000000100000", "oOfficial-crowd-000000200000"]
    assert first["mini_openids"][0] == "oMiniPrg-crowd-0000001000000"
    assert [phone["name"] for phone in await caller.get("/_/phones")] == ["手机甲", "手机乙"]
    made = [simulator.platform.phone(openid) for openid in (*first["openids"], *second["openids"])]
    assert [(phone.follows, phone.credits) for phone in made] == [
        (True, {SUBSCRIBE: 3}),
        (True, {SUBSCRIBE: 3}),
        (False, {}),
    ]


async def test_one_of_a_crowd_is_sent_messages_like_anybody(caller: Caller, simulator: Simulator) -> None:
    crowd = await caller.post("/_/crowd", {"count": 1, "credits": {SUBSCRIBE: 1}})
    somebody = simulator.platform.phone(crowd["openids"][0])

    assert (await caller.send(somebody))["errcode"] == 0
    assert (await caller.subscribe(somebody))["errcode"] == 0
    assert [message.kind for message in somebody.messages] == ["template", "subscribe"]


@pytest.mark.parametrize(("crowd", "kept"), [(False, KEPT_MESSAGES), (True, KEPT_IN_A_CROWD)])
def test_a_phone_keeps_its_last_messages_only(simulator: Simulator, crowd: bool, kept: int) -> None:
    phone = simulator.platform.add_crowd(1, follows=True, credits={})[0] if crowd else simulator.platform.people[0]

    for number in range(kept + 10):
        phone.told(float(number), "")

    assert (len(phone.messages), phone.messages[-1].at) == (kept, kept + 9.0)


async def test_switches_are_set_one_at_a_time_and_reset_with_the_world(caller: Caller) -> None:
    usual = await caller.get("/_/switches")
    changed = await caller.post("/_/switches", {"latency": 0.5})
    await caller.post("/_/reset")

    assert changed == {**usual, "latency": 0.5}
    assert await caller.get("/_/switches") == usual


@pytest.mark.parametrize(
    "body", [{"latency": -1}, {"surprise": 1}, {"token_mode": "loose"}, {"latency": 1, "copies": 99}]
)
async def test_a_switch_that_makes_no_sense_changes_nothing(caller: Caller, body: dict[str, object]) -> None:
    usual = await caller.get("/_/switches")

    assert (await caller.post("/_/switches", body))["errcode"] == 47001
    assert await caller.get("/_/switches") == usual


async def test_both_kinds_of_codes_are_listed(caller: Caller, phone: Phone) -> None:
    await caller.create_qr("of the account")
    await caller.draw(scene="of-the-mini-program", page="pages/bind/index")

    mini, account = await caller.get("/_/qr-codes")
    opened = await caller.on_phone(phone, "scan", {"url": mini["url"]})

    assert (account["kind"], mini["kind"]) == ("official_account", "mini_program")
    assert (mini["scene"], mini["page"], mini["seconds_left"]) == ("of-the-mini-program", "pages/bind/index", None)
    assert opened == {"page": "pages/bind/index", "scene": "of-the-mini-program"}


async def test_scanning_a_mini_program_code_tells_the_service_nothing(
    caller: Caller, service: StubService, phone: Phone
) -> None:
    await caller.draw()
    (code,) = await caller.get("/_/qr-codes")

    await caller.on_phone(phone, "scan", {"url": code["url"]})

    assert service.received == []
    assert (await caller.get("/_/qr-codes"))[0]["scanned"]


async def test_credits_are_set_without_a_word_to_the_service(
    caller: Caller, service: StubService, phone: Phone
) -> None:
    told = await caller.on_phone(phone, "credits", {"template_id": SUBSCRIBE, "credits": 5})

    assert told["credits"] == {SUBSCRIBE: 5}
    assert service.received == []
