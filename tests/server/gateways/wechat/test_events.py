"""What a callback says is read alike from XML and JSON, from one item and from several."""

import json
from typing import Any

import pytest

from server.gateways.wechat.events import KEY_LENGTH, Callback, Consent, SendResult, read_callback

SUBSCRIBE = "<Event>subscribe</Event><EventKey>qrscene_abc</EventKey><Ticket>t1</Ticket>"
POPUP, CHANGE, SENT = (f"subscribe_msg_{what}_event" for what in ("popup", "change", "sent"))
WRAPPERS = {POPUP: "SubscribeMsgPopupEvent", CHANGE: "SubscribeMsgChangeEvent", SENT: "SubscribeMsgSentEvent"}
FORMATS = pytest.mark.parametrize("written", ["xml", "json"])

ACCEPTED = {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "1"}
REJECTED = {"TemplateId": "T2", "SubscribeStatusString": "reject", "PopupScene": "1"}
ARRIVED = {"TemplateId": "T1", "MsgID": "1864323726461255680", "ErrorCode": "0", "ErrorStatus": "success"}
HELD_UP = {"TemplateId": "T1", "MsgID": "1864323726461255681", "ErrorCode": "43101", "ErrorStatus": "refused"}


def event(rest: str, *, openid: str = "o1", created: int = 1765000000, kind: str = "event") -> str:
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName>"
        f"<CreateTime>{created}</CreateTime><MsgType>{kind}</MsgType>{rest}</xml>"
    )


def read(text: str) -> Callback:
    return read_callback("official_account", text)


def nodes(values: dict[str, Any]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def listing(written: str, name: str, *items: dict[str, str], created: int | str = 1765000000) -> Callback:
    """In XML the items stand in an element of their own; in JSON one is an object and several are an array."""
    if written == "xml":
        several = "".join(f"<List>{nodes(item)}</List>" for item in items)
        wrapped = f"<Event>{name}</Event><{WRAPPERS[name]}>{several}</{WRAPPERS[name]}>"
        return read(event(wrapped, created=int(created)))
    head = {"ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": created, "MsgType": "event", "Event": name}
    return read(json.dumps(head | {"List": items[0] if len(items) == 1 else items}))


@FORMATS
@pytest.mark.parametrize("name", [POPUP, CHANGE])
def test_consents_are_read_from_one_item_and_from_several(written: str, name: str) -> None:
    one, several = listing(written, name, ACCEPTED), listing(written, name, ACCEPTED, REJECTED)

    assert one.consents == (Consent("T1", "accept"),)
    assert several.consents == (Consent("T1", "accept"), Consent("T2", "reject"))
    assert several.results == ()


@FORMATS
def test_results_are_read_from_one_item_and_from_several(written: str) -> None:
    one, several = listing(written, SENT, ARRIVED), listing(written, SENT, ARRIVED, HELD_UP)

    assert one.results == (SendResult("T1", "1864323726461255680", "0", "success"),)
    assert [(result.message_id[-1], result.code) for result in several.results] == [("0", "0"), ("1", "43101")]
    assert several.consents == ()


def test_numbers_may_be_written_as_numbers() -> None:
    item = {"TemplateId": "T1", "MsgID": 7, "ErrorCode": 0, "ErrorStatus": "success"}

    callback = listing("json", SENT, item, created="1765000000")  # type: ignore[arg-type]

    assert callback.results == (SendResult("T1", "7", "0", "success"),)
    assert callback.created == 1765000000


@pytest.mark.parametrize("items", ["[]", '"x"', "null", "7", '["x", 7, null]', "{}"])
def test_a_list_of_nothing_says_nothing(items: str) -> None:
    head = f'{{"FromUserName": "o1", "CreateTime": 1, "MsgType": "event", "Event": "{POPUP}", "List": {items}}}'

    assert read(head).consents == ()


@FORMATS
def test_a_push_of_consents_repeated_has_the_same_key_and_any_other_has_not(written: str) -> None:
    keys = [
        listing(written, *pushed, created=created).unique_key
        for pushed, created in [
            ((POPUP, ACCEPTED), 1765000000),
            ((POPUP, ACCEPTED), 1765000000),
            ((POPUP, ACCEPTED), 1765000001),
            ((POPUP, REJECTED), 1765000000),
            ((POPUP, ACCEPTED, REJECTED), 1765000000),
            ((CHANGE, ACCEPTED), 1765000000),
            ((SENT, ARRIVED), 1765000000),
            ((SENT, HELD_UP), 1765000000),
        ]
    ]

    assert keys[0] == keys[1]
    assert len(set(keys)) == len(keys) - 1
    assert all(key.startswith("o1:") and len(key) <= KEY_LENGTH for key in keys)


def test_both_formats_of_one_push_have_one_key() -> None:
    assert listing("xml", POPUP, ACCEPTED).unique_key == listing("json", POPUP, ACCEPTED).unique_key


def test_a_scan_that_follows_and_a_scan_by_a_follower_name_the_same_scene() -> None:
    followed, scanned = read(event(SUBSCRIBE)), read(event("<Event>SCAN</Event><EventKey>abc</EventKey>"))

    assert (followed.event, followed.event_key, followed.scene, followed.ticket) == (
        "subscribe",
        "qrscene_abc",
        "abc",
        "t1",
    )
    assert (scanned.event, scanned.scene) == ("scan", "abc")


@pytest.mark.parametrize("rest", ["<Event>subscribe</Event><EventKey></EventKey>", "<Event>unsubscribe</Event>"])
def test_a_plain_follow_and_a_leave_have_no_scene(rest: str) -> None:
    assert read(event(rest)).scene == ""


def test_a_receipt_is_about_a_msgid() -> None:
    receipt = read(event("<Event>TEMPLATESENDJOBFINISH</Event><MsgID>77</MsgID><Status>failed:user block</Status>"))

    assert (receipt.event, receipt.message_id, receipt.status) == ("templatesendjobfinish", "77", "failed:user block")


def test_a_push_repeated_has_the_same_key_and_another_event_of_that_second_has_not() -> None:
    scan = "<Event>SCAN</Event><EventKey>{}</EventKey>"

    again = [read(event(scan.format("a"))).unique_key for _ in range(2)]
    others = {
        read(event(scan.format("b"))).unique_key,
        read(event(scan.format("a"), openid="o2")).unique_key,
        read(event(scan.format("a"), created=1765000001)).unique_key,
        read(event("<Event>unsubscribe</Event><EventKey>a</EventKey>")).unique_key,
    }

    assert again[0] == again[1]
    assert len(others | set(again)) == 5


def test_a_message_and_a_receipt_of_one_number_are_two_things() -> None:
    message = read(event("<MsgId>77</MsgId><Content>hi</Content>", kind="text"))
    receipt = read(event("<Event>TEMPLATESENDJOBFINISH</Event><MsgID>77</MsgID><Status>success</Status>"))

    assert message.unique_key != receipt.unique_key


def test_a_key_too_long_for_its_column_is_shortened_and_stays_its_own() -> None:
    keys = {read(event("<Event>unsubscribe</Event>", openid=f"{'o' * 300}{n}")).unique_key for n in range(3)}

    assert len(keys) == 3
    assert all(len(key) == KEY_LENGTH for key in keys)


@pytest.mark.parametrize(("name", "key"), [("SCAN", "{}"), ("subscribe", "qrscene_{}")])
def test_the_ticket_of_a_scan_does_not_stand_in_its_key(name: str, key: str) -> None:
    """The key is kept as it is, and whoever holds a ticket could confirm it."""
    scan = read(event(f"<Event>{name}</Event><EventKey>{key.format('secret-of-the-qr')}</EventKey>"))

    assert scan.scene == "secret-of-the-qr"
    assert "secret" not in scan.unique_key
