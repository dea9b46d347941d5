"""The door WeChat knocks on: its own vectors open it, nothing else does."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from wechatpy.crypto import WeChatCrypto

from config.settings import WechatAppSettings
from server.gateways.wechat.callback import (
    WINDOW_SECONDS,
    BadCallback,
    CallbackDoor,
    UnreadableCallback,
)
from server.gateways.wechat.envelope import Envelope, sign
from server.messages.callbacks import BODY_LIMIT

VECTORS = {vector["id"]: vector for vector in json.loads(Path(__file__).with_name("vectors.json").read_text())}
URL_CHECK, SECURE, SECURE_JSON, JSON_REPLY = (VECTORS[name] for name in ("V1", "V4", "V2", "V3"))
BODY = SECURE["body"].encode()
SECURE_QUERY = {name: SECURE[name] for name in ("timestamp", "nonce", "msg_signature")} | {"encrypt_type": "aes"}
SUBSCRIBE = "<Event>subscribe</Event><EventKey>qrscene_abc</EventKey><Ticket>t1</Ticket>"


def app_of(vector: dict[str, str]) -> WechatAppSettings:
    return WechatAppSettings(
        appid=vector.get("appid", "wx1"),
        secret=SecretStr("unused"),
        token=SecretStr(vector["token"]),
        encoding_aes_key=SecretStr(vector.get("encoding_aes_key", "")),
        mode="secure" if "encoding_aes_key" in vector else "plain",
    )


def door_at(vector: dict[str, str], late: float = 0) -> CallbackDoor:
    """The door `late` seconds after the vector was signed."""
    moment = datetime.fromtimestamp(int(vector["timestamp"]), UTC) + timedelta(seconds=late)
    return CallbackDoor("official_account", app_of(vector), now=lambda: moment)


def plain_query(vector: dict[str, str]) -> dict[str, str]:
    signature = sign(vector["token"], vector["timestamp"], vector["nonce"])
    return {"timestamp": vector["timestamp"], "nonce": vector["nonce"], "signature": signature}


def event(rest: str, *, openid: str = "o1", created: int = 1765000000, kind: str = "event") -> str:
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName>"
        f"<CreateTime>{created}</CreateTime><MsgType>{kind}</MsgType>{rest}</xml>"
    )


def sealed(xml: str, *, appid: str = SECURE["appid"]) -> tuple[dict[str, str], bytes]:
    """A secure push of `xml`, as an app with the vector's keys would get it."""
    crypto = WeChatCrypto(SECURE["token"], SECURE["encoding_aes_key"], appid)
    outer = crypto.encrypt_message(xml, SECURE["nonce"], SECURE["timestamp"])
    return SECURE_QUERY | {"msg_signature": xmltodict.parse(outer)["xml"]["MsgSignature"]}, outer.encode()


def signed_garbage(encrypt: str) -> tuple[dict[str, str], bytes]:
    """Rightly signed, but not what our key can open: only one who knows the token could send it."""
    signature = sign(SECURE["token"], SECURE["timestamp"], SECURE["nonce"], encrypt)
    return SECURE_QUERY | {"msg_signature": signature}, f"<xml><Encrypt>{encrypt}</Encrypt></xml>".encode()


def test_the_official_url_check_is_answered_with_its_echo() -> None:
    query = {name: URL_CHECK[name] for name in ("timestamp", "nonce", "signature", "echostr")}

    assert door_at(URL_CHECK).check_url(query) == URL_CHECK["echostr"]


def test_tencents_sample_message_is_opened() -> None:
    callback = door_at(SECURE).open(SECURE_QUERY, BODY)

    assert callback.kind == "text"
    assert callback.message_id == SECURE["msg_id"]
    assert xmltodict.parse(callback.text)["xml"]["Content"] == SECURE["content"]


def json_push(encrypt: str = SECURE_JSON["encrypt"], **changes: str) -> tuple[dict[str, str], bytes]:
    query = {name: SECURE_JSON[name] for name in ("timestamp", "nonce", "msg_signature")} | changes
    return query, json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": encrypt}).encode()


def test_the_official_json_push_is_opened() -> None:
    callback = door_at(SECURE_JSON).open(*json_push())

    assert callback.text == SECURE_JSON["plaintext"]
    assert (callback.event, callback.openid, callback.account, callback.created) == (
        "debug_demo",
        "o9AgO5Kd5ggOC-bXrbNODIiE3bGY",
        "gh_97417a04a28d",
        1714112445,
    )


@pytest.mark.parametrize("change", [{"msg_signature": "0" * 40}, {"nonce": "1"}, {"encrypt": "AAAA"}])
def test_a_tampered_json_push_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(BadCallback):
        door_at(SECURE_JSON).open(*json_push(**change))


def test_plain_json_is_refused_in_secure_mode() -> None:
    with pytest.raises(BadCallback, match="明文"):
        door_at(SECURE_JSON).open(plain_query(SECURE_JSON), SECURE_JSON["plaintext"].encode())


def test_a_json_reply_is_sealed_as_in_the_official_example() -> None:
    envelope = Envelope(
        JSON_REPLY["token"], JSON_REPLY["encoding_aes_key"], JSON_REPLY["appid"], salt=lambda: JSON_REPLY["random"]
    )

    sealed = envelope.sealed(JSON_REPLY["plaintext"], JSON_REPLY["timestamp"], JSON_REPLY["nonce"])

    assert json.loads(sealed.json()) == {
        "Encrypt": JSON_REPLY["encrypt"],
        "MsgSignature": JSON_REPLY["msg_signature"],
        "TimeStamp": int(JSON_REPLY["timestamp"]),
        "Nonce": JSON_REPLY["nonce"],
    }
    assert envelope.opened(JSON_REPLY["encrypt"]) == JSON_REPLY["plaintext"]


def test_a_reply_to_a_json_push_is_json() -> None:
    door = door_at(SECURE_JSON)
    callback = door.open(*json_push())

    body, content_type = door.reply_text(callback, "你好")

    envelope = Envelope(SECURE_JSON["token"], SECURE_JSON["encoding_aes_key"], SECURE_JSON["appid"])
    reply = json.loads(envelope.opened(json.loads(body)["Encrypt"]))
    assert content_type.startswith("application/json")
    assert (reply["Content"], reply["ToUserName"], reply["FromUserName"]) == ("你好", callback.openid, callback.account)


@pytest.mark.parametrize("name", ["timestamp", "nonce", "msg_signature"])
@pytest.mark.parametrize("change", [lambda v: v[:-1] + ("0" if v[-1] != "0" else "1"), lambda _: "", lambda _: "é"])
def test_a_tampered_query_is_refused(name: str, change: Callable[[str], str]) -> None:
    query = SECURE_QUERY | {name: change(SECURE_QUERY[name])}

    with pytest.raises(BadCallback):
        door_at(SECURE).open(query, BODY)


@pytest.mark.parametrize("name", ["timestamp", "nonce", "msg_signature"])
def test_a_query_that_lacks_a_part_is_refused(name: str) -> None:
    query = {key: value for key, value in SECURE_QUERY.items() if key != name}

    with pytest.raises(BadCallback):
        door_at(SECURE).open(query, BODY)


def test_a_changed_ciphertext_is_refused() -> None:
    with pytest.raises(BadCallback):
        door_at(SECURE).open(SECURE_QUERY, BODY.replace(b"hyzAe4", b"hyzAe5"))


def test_a_tampered_url_check_is_refused() -> None:
    query = {name: URL_CHECK[name] for name in ("timestamp", "nonce", "echostr")} | {"signature": "0" * 40}

    with pytest.raises(BadCallback):
        door_at(URL_CHECK).check_url(query)


@pytest.mark.parametrize("late", [WINDOW_SECONDS, -WINDOW_SECONDS])
def test_a_retry_within_the_window_is_taken(late: int) -> None:
    assert door_at(SECURE, late).open(SECURE_QUERY, BODY).message_id == SECURE["msg_id"]


@pytest.mark.parametrize("late", [WINDOW_SECONDS + 1, -WINDOW_SECONDS - 1])
def test_an_old_or_future_timestamp_is_refused(late: int) -> None:
    with pytest.raises(BadCallback):
        door_at(SECURE, late).open(SECURE_QUERY, BODY)


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1" * 400, "１４０９７３５６６９"])
def test_a_signed_timestamp_that_is_no_time_is_refused(timestamp: str) -> None:
    signature = sign(URL_CHECK["token"], timestamp, "n")

    with pytest.raises(BadCallback):
        door_at(URL_CHECK).check_url({"timestamp": timestamp, "nonce": "n", "signature": signature})


def test_plaintext_is_refused_in_secure_mode_although_its_signature_is_right() -> None:
    with pytest.raises(BadCallback, match="明文"):
        door_at(SECURE).open(plain_query(SECURE) | SECURE_QUERY, event(SUBSCRIBE).encode())


def test_plain_mode_takes_plaintext() -> None:
    callback = door_at(URL_CHECK).open(plain_query(URL_CHECK), event(SUBSCRIBE).encode())

    assert (callback.event, callback.openid, callback.account) == ("subscribe", "o1", "gh_1")


def test_another_apps_message_is_refused_although_key_and_token_fit() -> None:
    query, body = sealed(event(SUBSCRIBE), appid="wx-of-another-app")

    with pytest.raises(BadCallback, match="不属于本应用"):
        door_at(SECURE).open(query, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"\xff\xfe\x00",
        b"<xml>",
        b"<xml/>",
        b"<other/>",
        b"<xml><Encrypt/></xml>",
        b"<xml><Encrypt><a>1</a></Encrypt></xml>",
        b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
        b'{"Encrypt": "x"}',
        b'{"Encrypt": 7}',
        b'{"Encrypt": ["x"]}',
        b"{",
        b"{}",
        b"[" * 60_000,
        b'{"List":' * 8_000,
        b'{"MsgType": "event", "FromUserName": true, "CreateTime": 1}',
    ],
)
@pytest.mark.parametrize("vector", [URL_CHECK, SECURE], ids=["plain", "secure"])
def test_a_body_that_makes_no_sense_is_refused(vector: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadCallback):
        door_at(vector).open(plain_query(vector) | SECURE_QUERY | plain_query(vector), body)


@pytest.mark.parametrize("encrypt", ["", "AAAA", "not base64!", "A" * 43, "A" * 64, "A" * 128, "中文"])
def test_a_ciphertext_that_does_not_open_is_refused(encrypt: str) -> None:
    query, body = signed_garbage(encrypt)

    with pytest.raises(BadCallback):
        door_at(SECURE).open(query, body)


@pytest.mark.parametrize(
    "xml",
    ["", "hello", "<xml/>", "<xml><MsgType>event</MsgType></xml>", event("<Event>subscribe</Event>", openid="")],
)
def test_an_opened_message_without_what_it_needs_is_unreadable(xml: str) -> None:
    query, body = sealed(xml)

    with pytest.raises(BadCallback):
        door_at(SECURE).open(query, body)


@given(body=st.binary(max_size=300))
def test_no_bytes_whatever_do_more_than_be_refused(body: bytes) -> None:
    with pytest.raises(BadCallback):
        door_at(SECURE).open(SECURE_QUERY, body)
    with pytest.raises(BadCallback):
        door_at(URL_CHECK).open(plain_query(URL_CHECK), body)


def test_a_body_above_the_limit_is_not_even_looked_at() -> None:
    with pytest.raises(UnreadableCallback, match="过大"):
        door_at(URL_CHECK).open(plain_query(URL_CHECK), b"x" * (BODY_LIMIT + 1))


XXE = '<!DOCTYPE xml [<!ENTITY secret SYSTEM "file:///etc/hostname">]>' + event(
    "<Event>SCAN</Event><EventKey>&secret;</EventKey>"
)
LAUGHS = '<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + event("<Event>&b;</Event>")


@pytest.mark.parametrize("xml", [XXE, LAUGHS])
def test_entities_are_refused_outside_and_inside_the_envelope(xml: str) -> None:
    with pytest.raises(UnreadableCallback):
        door_at(URL_CHECK).open(plain_query(URL_CHECK), xml.encode())

    with pytest.raises(UnreadableCallback):
        door_at(SECURE).open(*sealed(xml))


def opened_reply(body: str) -> dict[str, Any]:
    envelope = xmltodict.parse(body)["xml"]
    crypto = WeChatCrypto(SECURE["token"], SECURE["encoding_aes_key"], SECURE["appid"])
    xml = crypto.decrypt_message(body, envelope["MsgSignature"], envelope["TimeStamp"], envelope["Nonce"])
    return dict(xmltodict.parse(xml)["xml"])


@pytest.mark.parametrize("text", ['<a href="http://x/#n=1">点此</a>', "]]> & <b>", "第一行\n第二行"])
def test_a_secure_reply_opens_with_wechats_own_code(text: str) -> None:
    door = door_at(SECURE)
    callback = door.open(SECURE_QUERY, BODY)

    body, content_type = door.reply_text(callback, text)

    reply = opened_reply(body)
    assert content_type.startswith("application/xml")
    assert (reply["Content"], reply["ToUserName"], reply["FromUserName"]) == (text, callback.openid, callback.account)


def test_a_plain_reply_is_plain() -> None:
    door = door_at(URL_CHECK)
    callback = door.open(plain_query(URL_CHECK), event(SUBSCRIBE).encode())

    body, _ = door.reply_text(callback, "你好")

    assert xmltodict.parse(body)["xml"]["Content"] == "你好"
