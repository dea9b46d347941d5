"""Subscribe messages: a credit each, fields by type, and what is asked of a request."""

import asyncio

import pytest

from tests.simulator.app import Simulator
from tests.simulator.conftest import SUBSCRIBE, Caller
from tests.simulator.phones import Phone


@pytest.fixture
def phone(simulator: Simulator) -> Phone:
    """手机甲, which may be sent one message."""
    chosen = next(iter(simulator.platform.phones.values()))
    chosen.credits[SUBSCRIBE] = 1
    return chosen


async def test_a_message_is_shown_with_its_fields_and_page_and_costs_a_credit(caller: Caller, phone: Phone) -> None:
    answer = await caller.subscribe(phone)

    (message,) = phone.messages
    assert answer == {"errcode": 0, "errmsg": "ok"}
    assert (message.kind, message.template_id, message.fields) == ("subscribe", SUBSCRIBE, {"thing1": "预约成功"})
    assert message.page == "pages/message/index?id=1"
    assert phone.credits[SUBSCRIBE] == 0


async def test_without_a_credit_nothing_is_shown(caller: Caller, phone: Phone) -> None:
    answers = [(await caller.subscribe(phone))["errcode"] for _ in range(2)]

    assert answers == [0, 43101]
    assert len(phone.messages) == 1


async def test_a_credit_is_for_one_person_and_one_template(
    caller: Caller, simulator: Simulator, phone: Phone, follower: Phone
) -> None:
    phone.credits = {"SUBSCRIBE-VISIT": 1}

    assert (await caller.subscribe(phone))["errcode"] == 43101
    assert (await caller.subscribe(follower))["errcode"] == 43101
    assert (await caller.subscribe(phone, template_id="SUBSCRIBE-VISIT"))["errcode"] == 0


async def test_a_refused_message_costs_no_credit(caller: Caller, phone: Phone) -> None:
    await caller.subscribe(phone, data={"phrase1": {"value": "Approved"}})

    assert phone.credits[SUBSCRIBE] == 1


async def test_every_accept_is_one_credit_more(caller: Caller, phone: Phone) -> None:
    await caller.on_phone(phone, "consent", {"answers": {SUBSCRIBE: "accept", "SUBSCRIBE-VISIT": "reject"}})
    await caller.on_phone(phone, "consent", {"answers": {SUBSCRIBE: "accept"}})

    assert phone.credits == {SUBSCRIBE: 3, "SUBSCRIBE-VISIT": 0}


async def test_who_switched_the_template_off_has_no_credits_left(caller: Caller, phone: Phone) -> None:
    await caller.on_phone(phone, "mute", {"template_id": SUBSCRIBE})
    muted = await caller.subscribe(phone)
    await caller.on_phone(phone, "mute", {"template_id": SUBSCRIBE, "muted": False})

    assert (muted["errcode"], (await caller.subscribe(phone))["errcode"]) == (43101, 43101)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"touser": "nobody"}, 40003),
        ({"template_id": "unknown"}, 40037),
        ({"template_id": "TEMPLATE-PROGRESS"}, 40037),
        ({"lang": None}, 47003),
        ({"lang": "zh"}, 47003),
        ({"miniprogram_state": None}, 47003),
        ({"miniprogram_state": "release"}, 47003),
        ({"page": "pages/nowhere/index"}, 41030),
        ({"data": {}}, 47003),
        ({"data": {"thing1": {"value": "长" * 21}}}, 47003),
        ({"data": {"thing1": {"value": ""}}}, 47003),
        ({"data": {"thing": {"value": "值"}}}, 47003),
        ({"data": {"surprise1": {"value": "值"}}}, 47003),
        ({"data": {"thing1": "值"}}, 47003),
        ({"data": {"number1": {"value": 7}}}, 47003),
    ],
)
async def test_a_wrong_message_is_refused(caller: Caller, phone: Phone, changes: dict[str, object], code: int) -> None:
    assert (await caller.subscribe(phone, **changes))["errcode"] == code
    assert phone.messages == []


async def test_the_openid_of_the_service_account_is_nobody_here(caller: Caller, phone: Phone) -> None:
    assert (await caller.subscribe(phone, touser=phone.openid))["errcode"] == 40003


async def test_a_page_is_not_needed(caller: Caller, phone: Phone) -> None:
    assert (await caller.subscribe(phone, page=None))["errcode"] == 0


async def test_the_answer_names_the_msgid_only_when_that_is_switched_on(caller: Caller, phone: Phone) -> None:
    await caller.post("/_/switches", {"msgid_of_subscribe_messages": True})

    answer = await caller.subscribe(phone)

    assert answer["msgid"] == phone.messages[0].msgid


async def test_two_messages_to_one_person_at_once_are_one_too_many(
    caller: Caller, simulator: Simulator, phone: Phone
) -> None:
    phone.credits[SUBSCRIBE] = 2
    simulator.platform.switches.latency = 0.3
    await caller.mini_token()

    answers = await asyncio.gather(*(caller.subscribe(phone) for _ in range(2)))

    assert sorted(answer["errcode"] for answer in answers) == [0, 43108]
    assert (len(phone.messages), phone.credits[SUBSCRIBE]) == (1, 1)
