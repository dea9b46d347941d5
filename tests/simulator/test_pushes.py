"""Callbacks: signed, sealed in secure mode, tried three times, and their replies shown on the phone."""

import pytest

from config.settings import WechatSettings
from tests.simulator.app import Simulator
from tests.simulator.conftest import Caller, StubService
from tests.simulator.phones import Phone


async def test_following_and_leaving_are_told(caller: Caller, service: StubService, phone: Phone) -> None:
    await caller.on_phone(phone, "follow")
    followed = phone.follows
    await caller.on_phone(phone, "unfollow")

    assert service.events() == ["subscribe", "unsubscribe"]
    assert (followed, phone.follows) == (True, False)
    assert {callback.openid for callback in service.received} == {phone.openid}
    assert service.received[0].scene == ""


async def test_a_scan_by_one_who_does_not_follow_follows_with_the_scene(
    caller: Caller, service: StubService, phone: Phone
) -> None:
    made = await caller.create_qr("secret-of-a-ticket")

    push = await caller.on_phone(phone, "scan", {"url": made["url"]})

    (callback,) = service.received
    assert (callback.event, callback.event_key) == ("subscribe", "qrscene_secret-of-a-ticket")
    assert (callback.scene, callback.ticket) == ("secret-of-a-ticket", made["ticket"])
    assert push["acknowledged"]
    assert phone.follows


async def test_a_scan_by_a_follower_is_a_scan(caller: Caller, service: StubService, follower: Phone) -> None:
    made = await caller.create_qr("secret-of-a-ticket")

    await caller.on_phone(follower, "scan", {"ticket": made["ticket"]})

    (callback,) = service.received
    assert (callback.event, callback.event_key, callback.scene) == ("scan", "secret-of-a-ticket", "secret-of-a-ticket")


@pytest.mark.parametrize("body", [{"url": "http://127.0.0.1/scan?ticket=unknown"}, {"url": "rubbish"}, {}])
async def test_an_unknown_code_is_told_to_the_phone_alone(
    caller: Caller, service: StubService, phone: Phone, body: dict[str, str]
) -> None:
    answer = await caller.on_phone(phone, "scan", body)

    assert answer["errcode"] == 40097
    assert service.received == []
    assert phone.messages[-1].text == "二维码无效或已过期"


async def test_an_expired_code_is_no_code(caller: Caller, simulator: Simulator, phone: Phone) -> None:
    made = await caller.create_qr()
    simulator.platform.qr_codes[made["ticket"]].until = simulator.platform.now()

    assert (await caller.on_phone(phone, "scan", {"url": made["url"]}))["errcode"] == 40097


async def test_the_reply_to_a_scan_appears_on_the_phone_before_the_scan_is_answered(
    caller: Caller, service: StubService, follower: Phone
) -> None:
    service.reply = '<a href="http://x/wechat/bind#nonce=n">点此确认绑定</a>'
    made = await caller.create_qr()

    await caller.on_phone(follower, "scan", {"url": made["url"]})

    assert [(message.kind, message.text) for message in follower.messages] == [("text", service.reply)]


async def test_a_sent_message_is_followed_by_its_receipt(
    caller: Caller, service: StubService, simulator: Simulator, follower: Phone
) -> None:
    msgid = (await caller.send(follower))["msgid"]
    await caller.post("/_/settle")

    (receipt,) = service.received
    assert (receipt.event, receipt.message_id, receipt.status) == ("templatesendjobfinish", str(msgid), "success")


async def test_one_message_has_one_receipt_however_often_it_was_sent(
    caller: Caller, service: StubService, follower: Phone
) -> None:
    for _ in range(3):
        await caller.send(follower, client_msg_id="d-1")
    await caller.post("/_/settle")

    assert service.events() == ["templatesendjobfinish"]


async def test_a_person_who_blocked_the_account_fails_by_receipt(
    caller: Caller, service: StubService, follower: Phone
) -> None:
    await caller.on_phone(follower, "block")

    answer = await caller.send(follower)
    await caller.post("/_/settle")

    assert answer["errcode"] == 0
    assert [callback.status for callback in service.received] == ["failed:user block"]
    assert follower.messages == []


@pytest.mark.parametrize(("failures", "tries", "acknowledged"), [(0, 1, True), (2, 3, True), (5, 3, False)])
async def test_a_push_is_tried_three_times_at_most(
    caller: Caller, service: StubService, phone: Phone, failures: int, tries: int, acknowledged: bool
) -> None:
    service.statuses = [500] * failures

    push = await caller.on_phone(phone, "follow")

    assert (push["tries"], push["acknowledged"]) == (tries, acknowledged)
    assert len(service.received) == tries


async def test_the_tries_of_one_push_are_one_event_to_the_service(
    caller: Caller, service: StubService, phone: Phone
) -> None:
    service.statuses = [500, 500]

    await caller.on_phone(phone, "follow")

    assert len({callback.unique_key for callback in service.received}) == 1


async def test_who_scans_while_the_service_is_out_of_order_is_told_so(
    caller: Caller, service: StubService, phone: Phone
) -> None:
    service.statuses = [500, 500, 500]

    await caller.on_phone(phone, "follow")

    assert phone.messages[-1].text == "该服务号提供的服务出现故障，请稍后再试"


async def test_nobody_listening_is_like_no_answer(caller: Caller, phone: Phone) -> None:
    await caller.post("/_/callback", {"url": "http://127.0.0.1:9/callback"})

    push = await caller.on_phone(phone, "follow")

    assert (push["tries"], push["acknowledged"]) == (3, False)


async def test_waiting_between_tries_is_wechats_five_seconds_unless_set_otherwise(setup: WechatSettings) -> None:
    assert setup.callback_retry_seconds == 5


async def test_every_push_was_provably_wechats(caller: Caller, service: StubService, phone: Phone) -> None:
    await caller.on_phone(phone, "follow")
    await caller.on_phone(phone, "unfollow")

    assert len(service.received) == 2
    assert service.refused == []


async def test_two_things_of_one_person_are_two_events(caller: Caller, service: StubService, phone: Phone) -> None:
    for action in ("follow", "unfollow", "follow"):
        await caller.on_phone(phone, action)

    assert len({callback.unique_key for callback in service.received}) == 3


@pytest.mark.parametrize(("drop", "arrived"), [("request", 0), ("reply", 1)])
async def test_a_lost_push_and_a_lost_acknowledgement_are_tried_again(
    caller: Caller, service: StubService, phone: Phone, drop: str, arrived: int
) -> None:
    await caller.post("/_/faults", {"endpoint": "callback/subscribe", "drop": drop})

    push = await caller.on_phone(phone, "follow")

    assert (push["tries"], push["acknowledged"]) == (2, True)
    assert len(service.received) == arrived + 1


async def test_a_push_may_be_late(caller: Caller, service: StubService, phone: Phone) -> None:
    await caller.post("/_/faults", {"endpoint": "callback/subscribe", "delay": 0.01})

    assert (await caller.on_phone(phone, "follow"))["acknowledged"]


async def test_what_is_acknowledged_may_come_again(caller: Caller, service: StubService, phone: Phone) -> None:
    await caller.post("/_/switches", {"copies": 2})

    await caller.on_phone(phone, "follow")

    assert len(service.received) == 3
    assert len({callback.unique_key for callback in service.received}) == 1


async def test_the_last_pushes_come_again_on_demand(caller: Caller, service: StubService, phone: Phone) -> None:
    await caller.on_phone(phone, "follow")
    await caller.on_phone(phone, "unfollow")

    repeated = await caller.post("/_/pushes/again", {"count": 2})

    assert [push["event"] for push in repeated] == ["subscribe", "unsubscribe"]
    assert service.events() == ["subscribe", "unsubscribe", "subscribe", "unsubscribe"]
    assert len({callback.unique_key for callback in service.received}) == 2


@pytest.mark.parametrize("app", ["official_account", "mini_program"])
async def test_an_address_is_checked_before_it_is_taken(caller: Caller, app: str) -> None:
    good = await caller.post("/_/callback/check", {"app": app})
    nobody = {"url": "http://127.0.0.1:9/x", "mini_program_url": "http://127.0.0.1:9/x"}
    await caller.post("/_/callback", nobody)
    bad = await caller.post("/_/callback/check", {"app": app})

    assert (good, bad) == ({"passed": True}, {"passed": False})
