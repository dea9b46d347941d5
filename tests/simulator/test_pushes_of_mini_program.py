"""Callbacks of the mini program: consents and what became of messages, as JSON or XML, with one item or several."""

import pytest

from tests.simulator.app import Simulator
from tests.simulator.conftest import SUBSCRIBE, Caller, StubService
from tests.simulator.phones import Phone

VISIT = "SUBSCRIBE-VISIT"
FORMATS = pytest.mark.parametrize("format_", ["json", "xml"])


@FORMATS
async def test_one_answer_to_the_dialog_is_told(
    caller: Caller, service: StubService, phone: Phone, format_: str
) -> None:
    await caller.post("/_/switches", {"mini_program_format": format_})

    told = await caller.on_phone(phone, "consent", {"answers": {SUBSCRIBE: "accept"}})

    (callback,) = service.received
    assert (callback.app, callback.event, callback.openid) == (
        "mini_program",
        "subscribe_msg_popup_event",
        phone.mini_openid,
    )
    assert [(consent.template_id, consent.status) for consent in callback.consents] == [(SUBSCRIBE, "accept")]
    assert callback.is_json is (format_ == "json")
    assert told["push"]["acknowledged"]


@FORMATS
async def test_several_answers_are_told_at_once(
    caller: Caller, service: StubService, phone: Phone, format_: str
) -> None:
    await caller.post("/_/switches", {"mini_program_format": format_})

    await caller.on_phone(phone, "consent", {"answers": {SUBSCRIBE: "accept", VISIT: "reject"}})

    (callback,) = service.received
    assert {consent.template_id: consent.status for consent in callback.consents} == {
        SUBSCRIBE: "accept",
        VISIT: "reject",
    }


async def test_in_json_one_item_is_an_object_and_several_are_an_array(
    caller: Caller, service: StubService, phone: Phone
) -> None:
    await caller.on_phone(phone, "consent", {"answers": {SUBSCRIBE: "accept"}})
    await caller.on_phone(phone, "consent", {"answers": {SUBSCRIBE: "accept", VISIT: "accept"}})

    one, several = (callback.text for callback in service.received)
    assert '"List": {"TemplateId"' in one
    assert '"List": [{"TemplateId"' in several


async def test_two_answers_of_one_person_are_two_events(caller: Caller, service: StubService, phone: Phone) -> None:
    for _ in range(2):
        await caller.on_phone(phone, "consent", {"answers": {SUBSCRIBE: "accept"}})

    assert len({callback.unique_key for callback in service.received}) == 2


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({}, 20003),
        (dict.fromkeys("abcd", "accept"), 20003),
        ({"unknown": "accept"}, 20001),
        ({SUBSCRIBE: "perhaps"}, 47001),
    ],
)
async def test_an_impossible_answer_is_told_to_nobody(
    caller: Caller, service: StubService, phone: Phone, answers: dict[str, str], code: int
) -> None:
    assert (await caller.on_phone(phone, "consent", {"answers": answers}))["errcode"] == code
    assert (service.received, phone.credits) == ([], {})


@FORMATS
async def test_a_template_that_is_switched_off_is_told_and_one_switched_on_is_not(
    caller: Caller, service: StubService, phone: Phone, format_: str
) -> None:
    await caller.post("/_/switches", {"mini_program_format": format_})

    await caller.on_phone(phone, "mute", {"template_id": SUBSCRIBE})
    await caller.on_phone(phone, "mute", {"template_id": SUBSCRIBE, "muted": False})

    (callback,) = service.received
    assert callback.event == "subscribe_msg_change_event"
    assert [(consent.template_id, consent.status) for consent in callback.consents] == [(SUBSCRIBE, "reject")]


@pytest.mark.parametrize(("blocked", "code"), [(False, "0"), (True, "43101")])
@FORMATS
async def test_a_sent_message_is_followed_by_what_became_of_it(
    caller: Caller, service: StubService, phone: Phone, format_: str, blocked: bool, code: str
) -> None:
    phone.credits[SUBSCRIBE] = 1
    phone.blocked = blocked
    await caller.post("/_/switches", {"mini_program_format": format_, "msgid_of_subscribe_messages": True})

    msgid = (await caller.subscribe(phone))["msgid"]
    await caller.post("/_/settle")

    (callback,) = service.received
    (result,) = callback.results
    assert callback.event == "subscribe_msg_sent_event"
    assert (result.template_id, result.message_id, result.code) == (SUBSCRIBE, str(msgid), code)
    assert len(phone.messages) == (0 if blocked else 1)


async def test_receipts_can_be_switched_off(
    caller: Caller, service: StubService, phone: Phone, follower: Phone
) -> None:
    phone.credits[SUBSCRIBE] = 1
    await caller.post("/_/switches", {"receipts": False})

    await caller.subscribe(phone)
    await caller.send(follower)
    await caller.post("/_/settle")

    assert service.received == []


async def test_its_callbacks_go_beside_those_of_the_service_account_unless_told_otherwise(
    caller: Caller, service: StubService, simulator: Simulator, phone: Phone
) -> None:
    beside = simulator.pushes.url_of("mini_program")
    await caller.post("/_/callback", {"mini_program_url": "http://127.0.0.1:9/elsewhere"})

    push = (await caller.on_phone(phone, "consent", {"answers": {SUBSCRIBE: "accept"}}))["push"]

    assert beside == f"{service.url}/wechat/mini-program/callback"
    assert (push["tries"], push["acknowledged"]) == (3, False)
