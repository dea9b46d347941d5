"""Each event that WeChat pushes and what it changes: once, however often it is handled."""

import json
from typing import Any
from uuid import uuid4

import pytest

from models.accounts import WechatApp, WechatBinding
from models.messages import Channel, DeliveryState
from server import clock
from server.gateways.sms.client import SmsReport
from server.gateways.sms.receipts import StoredReceipt
from server.messages.announce import announce
from server.messages.callbacks import handle_due, store_callback
from server.messages.credits import balances, grant
from server.messages.deliver import client_msg_id
from server.messages.events import ApplicationEvent
from server.run.inbound import handle_callback
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, Outside, only_delivery
from tests.fakes_wechat import FakeFollowers

OFFICIAL, MINI = WechatApp.OFFICIAL_ACCOUNT, WechatApp.MINI_PROGRAM
WRAPPERS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}
FORMATS = pytest.mark.parametrize("written", ["xml", "json"])


@pytest.fixture
def world(database: Engine) -> MessageWorld:
    return MessageWorld()


@pytest.fixture
def followers() -> FakeFollowers:
    return FakeFollowers()


def nodes(values: dict[str, Any]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def event(openid: str, name: str, **fields: str) -> str:
    head = {"ToUserName": "gh_1", "FromUserName": openid, "CreateTime": int(clock.now().timestamp())}
    return f"<xml>{nodes(head | {'MsgType': 'event', 'Event': name} | fields)}</xml>"


def listing(written: str, openid: str, name: str, *items: dict[str, str], created: int = 0) -> str:
    """An event with a List as the mini program gets it; one item is an object in JSON, several are an array."""
    head: dict[str, Any] = {"ToUserName": "gh_2", "FromUserName": openid, "MsgType": "event", "Event": name}
    head["CreateTime"] = created or int(clock.now().timestamp())
    if written == "json":
        return json.dumps(head | {"List": items[0] if len(items) == 1 else items})
    several = "".join(f"<List>{nodes(item)}</List>" for item in items)
    return f"<xml>{nodes(head)}<{WRAPPERS[name]}>{several}</{WRAPPERS[name]}></xml>"


def said(template: str, status: str) -> dict[str, str]:
    return {"TemplateId": template, "SubscribeStatusString": status, "PopupScene": "1"}


def sent(number: str, code: str = "0") -> dict[str, str]:
    return {"TemplateId": "T1", "MsgID": number, "ErrorCode": code, "ErrorStatus": "success" if code == "0" else "no"}


def somebody() -> str:
    return f"m{uuid4().hex}"


async def test_leaving_and_following_again_changes_what_can_be_reached(
    world: MessageWorld, followers: FakeFollowers
) -> None:
    openid = await world.binding(await world.firm())

    await handle_callback(OFFICIAL, event(openid, "unsubscribe"), followers=followers)
    gone = (await WechatBinding.get(openid=openid)).reachable
    await handle_callback(OFFICIAL, event(openid, "subscribe", EventKey=""), followers=followers)

    assert gone is False
    assert (await WechatBinding.get(openid=openid)).reachable is True


@pytest.mark.parametrize("name", ["subscribe", "SCAN"])
async def test_whoever_follows_or_scans_is_known_by_his_unionid(
    world: MessageWorld, followers: FakeFollowers, name: str
) -> None:
    openid = await world.binding(await world.firm())
    followers.unionids[openid] = f"u-{openid}"

    done = [await handle_callback(OFFICIAL, event(openid, name, EventKey="s"), followers=followers) for _ in range(2)]

    assert done == [True, True]
    assert (await WechatBinding.get(openid=openid)).unionid == f"u-{openid}"


async def test_a_wechat_that_does_not_answer_is_asked_again_and_the_follower_is_reachable_at_once(
    world: MessageWorld, followers: FakeFollowers
) -> None:
    openid = await world.binding(await world.firm(), reachable=False)
    followers.unionids[openid], followers.silent = f"u-{openid}", True

    first = await handle_callback(OFFICIAL, event(openid, "subscribe"), followers=followers)
    reachable = (await WechatBinding.get(openid=openid)).reachable
    followers.silent = False
    second = await handle_callback(OFFICIAL, event(openid, "subscribe"), followers=followers)

    assert (first, reachable, second) == (False, True, True)
    assert (await WechatBinding.get(openid=openid)).unionid == f"u-{openid}"


async def test_apps_that_are_not_joined_leave_the_binding_without_unionid(
    world: MessageWorld, followers: FakeFollowers
) -> None:
    openid = await world.binding(await world.firm())

    assert await handle_callback(OFFICIAL, event(openid, "subscribe"), followers=followers) is True
    assert (await WechatBinding.get(openid=openid)).unionid is None


@pytest.mark.parametrize(
    ("status", "state"),
    [("success", "delivered"), ("failed:user block", "refused"), ("failed: system failed", "failed")],
)
async def test_a_template_receipt_settles_its_message(
    world: MessageWorld, followers: FakeFollowers, status: str, state: str
) -> None:
    firm, outside = await world.firm(), Outside()
    openid = await world.binding(firm)
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))
    delivery = await only_delivery(firm)
    await outside.deliver_all()
    receipt = event(openid, "TEMPLATESENDJOBFINISH", MsgID=client_msg_id(delivery.id), Status=status)

    done = [await handle_callback(OFFICIAL, receipt, followers=followers) for _ in range(2)]

    await delivery.refresh_from_db()
    assert done == [True, True]
    assert delivery.state == state


async def test_a_receipt_of_a_message_nobody_knows_yet_comes_again(
    world: MessageWorld, followers: FakeFollowers
) -> None:
    receipt = event("o1", "TEMPLATESENDJOBFINISH", MsgID=uuid4().hex, Status="success")

    assert await handle_callback(OFFICIAL, receipt, followers=followers) is False


@FORMATS
async def test_each_accepted_template_is_one_more_message(
    world: MessageWorld, followers: FakeFollowers, written: str
) -> None:
    openid = somebody()
    popup = listing(
        written, openid, "subscribe_msg_popup_event", said("T1", "accept"), said("T2", "reject"), said("T3", "accept")
    )

    done = [await handle_callback(MINI, popup, followers=followers) for _ in range(3)]

    found = await balances(openid)
    assert done == [True] * 3
    assert {name: count for name, count in found.items() if count} == {"T1": 1, "T3": 1}


@FORMATS
async def test_one_item_alone_is_read_like_several(world: MessageWorld, followers: FakeFollowers, written: str) -> None:
    openid = somebody()

    await handle_callback(
        MINI, listing(written, openid, "subscribe_msg_popup_event", said("T1", "accept")), followers=followers
    )

    assert await balances(openid) == {"T1": 1}


@FORMATS
async def test_the_same_template_accepted_twice_is_two_messages(
    world: MessageWorld, followers: FakeFollowers, written: str
) -> None:
    openid, now = somebody(), int(clock.now().timestamp())

    for created in (now, now + 1):
        popup = listing(written, openid, "subscribe_msg_popup_event", said("T1", "accept"), created=created)
        await handle_callback(MINI, popup, followers=followers)

    assert await balances(openid) == {"T1": 2}


@FORMATS
async def test_whoever_switches_a_template_off_has_no_message_left(
    world: MessageWorld, followers: FakeFollowers, written: str
) -> None:
    openid = somebody()
    for number in range(3):
        await grant(openid, "T1", f"{openid}:{number}")

    await handle_callback(
        MINI, listing(written, openid, "subscribe_msg_change_event", said("T1", "reject")), followers=followers
    )

    assert await balances(openid) == {"T1": 0}


@pytest.mark.parametrize("status", ["ban", "filter"])
async def test_what_wechat_holds_back_is_not_the_persons_no(
    world: MessageWorld, followers: FakeFollowers, status: str
) -> None:
    openid = somebody()
    await grant(openid, "T1", openid)

    await handle_callback(
        MINI, listing("json", openid, "subscribe_msg_popup_event", said("T1", status)), followers=followers
    )

    assert await balances(openid) == {"T1": 1}


@FORMATS
@pytest.mark.parametrize(
    ("code", "state"),
    [("0", DeliveryState.DELIVERED), ("43101", DeliveryState.REFUSED), ("47003", DeliveryState.FAILED)],
)
async def test_a_subscribe_message_whose_number_is_known_is_settled(
    world: MessageWorld, followers: FakeFollowers, written: str, code: str, state: DeliveryState
) -> None:
    firm, outside = await world.firm(), Outside()
    openid = await world.phone(firm, *["SUBSCRIBE-PROGRESS"] * 3)
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))
    delivery = await only_delivery(firm)
    await outside.deliver_all()
    told = listing(written, openid, "subscribe_msg_sent_event", sent(client_msg_id(delivery.id), code))

    done = [await handle_callback(MINI, told, followers=followers) for _ in range(2)]

    await delivery.refresh_from_db()
    assert delivery.channel is Channel.MINI_PROGRAM
    assert done == [True, True]
    assert delivery.state is state


async def test_a_number_that_stays_unknown_is_left_alone_after_ten_minutes(
    world: MessageWorld, followers: FakeFollowers
) -> None:
    now = int(clock.now().timestamp())
    young, old = (
        listing("json", somebody(), "subscribe_msg_sent_event", sent(uuid4().hex), created=created)
        for created in (now, now - 601)
    )

    assert await handle_callback(MINI, young, followers=followers) is False
    assert await handle_callback(MINI, old, followers=followers) is True


async def test_an_event_without_a_number_is_acknowledged(world: MessageWorld, followers: FakeFollowers) -> None:
    told = listing("json", somebody(), "subscribe_msg_sent_event", {"TemplateId": "T1", "ErrorCode": "0"})

    assert await handle_callback(MINI, told, followers=followers) is True


@pytest.mark.parametrize(
    ("app", "text"),
    [
        (OFFICIAL, event("o1", "VIEW", EventKey="x")),
        (OFFICIAL, listing("xml", "o1", "subscribe_msg_popup_event", said("T1", "accept"))),
        (MINI, event("m1", "unsubscribe")),
        (MINI, '{"FromUserName": "m1", "CreateTime": 1, "MsgType": "event", "Event": "debug_demo"}'),
        (MINI, '{"FromUserName": "m1", "CreateTime": 1, "MsgType": "text", "Content": "你好", "MsgId": 7}'),
    ],
)
async def test_what_is_of_no_interest_is_logged_and_done_with(
    followers: FakeFollowers, caplog: pytest.LogCaptureFixture, app: str, text: str
) -> None:
    with caplog.at_level("INFO"):
        assert await handle_callback(app, text, followers=followers) is True

    assert "callback_of_no_interest" in caplog.text


async def test_a_receipt_of_a_text_settles_it(world: MessageWorld, followers: FakeFollowers) -> None:
    firm, outside = await world.firm(), Outside()
    outside.sms.with_receipts = True
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))
    delivery = await only_delivery(firm)
    await outside.deliver_all()
    report = SmsReport(serial=client_msg_id(delivery.id), delivered=True, code="DELIVRD", context="")
    await store_callback(StoredReceipt(report.serial, json.dumps(vars(report))))

    await handle_due(lambda app, text: handle_callback(app, text, followers=followers))

    await delivery.refresh_from_db()
    assert delivery.channel is Channel.SMS
    assert delivery.state is DeliveryState.DELIVERED
