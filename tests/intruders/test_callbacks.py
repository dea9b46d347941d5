"""Over the wire: whoever is not WeChat moves nothing by a callback of either app, and what WeChat says counts once."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from config.settings import WechatApp
from models.messages import CallbackEvent, SubscribeCredit
from server import clock
from server.gateways.wechat.envelope import sign
from tests.server.http.client import Answer
from tests.server.http.raw import exchange, request_bytes
from tests.server.http.site import Site
from tests.simulator.envelopes import Envelopes
from tests.simulator.pushes import event_xml

APPS: tuple[WechatApp, ...] = ("official_account", "mini_program")
AT = pytest.mark.parametrize("app", APPS)


@dataclass(frozen=True)
class Push:
    """One request as WeChat makes it, to be spoilt."""

    path: str
    query: dict[str, str]
    body: bytes

    def bytes(self) -> bytes:
        return request_bytes("POST", f"{self.path}?{urlencode(self.query)}", self.body, Content_Type="text/xml")


def event(openid: str, rest: str = "") -> str:
    xml = event_xml("gh_1", openid, int(clock.now().timestamp()), Event="unsubscribe", EventKey="")
    return xml.replace("</xml>", f"{rest}</xml>")


def pushed(site: Site, app: WechatApp, text: str, at: float = 0) -> Push:
    """Signed and sealed with the app's own secrets, `at` seconds from now."""
    setup = getattr(site.simulator.platform.setup, app)
    query, body = Envelopes(setup, lambda: clock.now().timestamp() + at).signed(text, "xml")
    return Push(f"/wechat/{app.replace('_', '-')}/callback", query, body)


def token_of(site: Site, app: WechatApp) -> str:
    return str(getattr(site.simulator.platform.setup, app).token.get_secret_value())


@pytest.fixture
def openid() -> str:
    """Of somebody whom no other test knows."""
    return f"oForged{uuid4().hex[:20]}"


async def kept(openid: str) -> int:
    return await CallbackEvent.filter(unique_key__contains=openid).count()


async def told(site: Site, push: Push) -> Answer:
    answer = await exchange(site, push.bytes())
    assert answer.faults() == []
    return answer


def without(name: str) -> Callable[[Push], Push]:
    return lambda push: replace(push, query={key: value for key, value in push.query.items() if key != name})


def with_(name: str, value: str) -> Callable[[Push], Push]:
    return lambda push: replace(push, query=push.query | {name: value})


FORGED: dict[str, Callable[[Push], Push]] = {
    "no signature at all": lambda push: replace(push, query={}),
    "without msg_signature": without("msg_signature"),
    "another msg_signature": with_("msg_signature", "0" * 40),
    "an empty msg_signature": with_("msg_signature", ""),
    "a signature of another time": lambda push: with_("timestamp", str(int(push.query["timestamp"]) + 1))(push),
    "another nonce": with_("nonce", "1"),
    "another ciphertext": lambda push: replace(push, body=push.body.replace(b"<![CDATA[", b"<![CDATA[A")),
}


@AT
@pytest.mark.parametrize("how", FORGED)
async def test_a_forged_push_is_refused_and_not_kept(site: Site, app: WechatApp, how: str, openid: str) -> None:
    push = pushed(site, app, event(openid))

    forged = await told(site, FORGED[how](push))
    genuine = await told(site, push)

    assert (forged.said, genuine.status) == ("403 bad_callback", 200)
    assert await kept(openid) == 1  # the genuine one


@AT
@pytest.mark.parametrize("seconds", [-660, 660, -86_400 * 365])
async def test_a_push_of_another_time_is_refused_although_its_signature_is_right(
    site: Site, app: WechatApp, seconds: int, openid: str
) -> None:
    answer = await told(site, pushed(site, app, event(openid), at=seconds))

    assert (answer.said, await kept(openid)) == ("403 bad_callback", 0)


@AT
async def test_plaintext_is_refused_in_secure_mode_although_its_signature_is_right(
    site: Site, app: WechatApp, openid: str
) -> None:
    """`signature` does not cover the body: whoever saw one query could send any body with it."""
    push = pushed(site, app, event(openid))
    timestamp, nonce = push.query["timestamp"], push.query["nonce"]
    signed = push.query | {"signature": sign(token_of(site, app), timestamp, nonce)}
    in_json = json.dumps({"FromUserName": openid, "CreateTime": int(timestamp), "MsgType": "event", "Event": "x"})

    said = [
        (await told(site, replace(push, query=signed, body=body))).said
        for body in (event(openid).encode(), in_json.encode())
    ]

    assert (said, await kept(openid)) == (["403 bad_callback"] * 2, 0)


@AT
async def test_a_push_for_one_app_is_none_for_the_other(site: Site, app: WechatApp, openid: str) -> None:
    [other] = set(APPS) - {app}
    push = replace(pushed(site, app, event(openid)), path=pushed(site, other, "").path)

    assert ((await told(site, push)).said, await kept(openid)) == ("403 bad_callback", 0)


@AT
async def test_a_replayed_push_has_one_effect(site: Site, app: WechatApp, openid: str) -> None:
    """At once, and sealed anew as WeChat's own repetition is."""
    text = event(openid)
    push = pushed(site, app, text)

    said = [(await told(site, one)).said for one in (push, push, pushed(site, app, text))]

    assert (said, await kept(openid)) == (["200"] * 3, 1)


_HEAD = '<?xml version="1.0"?><!DOCTYPE xml '
ENTITIES = {  # @ is the place in the text where it is used
    "a file": ('[<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"),
    "a billion laughs": ('[<!ENTITY a "ha"><!ENTITY x "&a;&a;&a;&a;">]>', "&x;"),
}


def defining(text: str, definition: str, use: str) -> str:
    return f"{_HEAD}{definition}{text.replace('@', use)}"


def spoilt(site: Site, app: WechatApp, text: str, where: str, definition: str, use: str = "") -> Push:
    """Definitions around what is sealed, or in it as if a stolen key had sealed them."""
    if where == "inside":
        return pushed(site, app, defining(text, definition, use))
    push = pushed(site, app, text)
    body = push.body.decode().replace("</xml>", "<Extra>@</Extra></xml>")
    return replace(push, body=defining(body, definition, use).encode())


@AT
@pytest.mark.parametrize("what", ENTITIES)
@pytest.mark.parametrize("where", ["outside", "inside"])
async def test_xml_that_defines_entities_is_not_read(
    site: Site, app: WechatApp, what: str, where: str, openid: str
) -> None:
    answer = await told(site, spoilt(site, app, event(openid, "<Content>@</Content>"), where, *ENTITIES[what]))

    assert (answer.said, await kept(openid)) == ("400 unreadable_callback", 0)
    assert b"root:" not in answer.raw


@AT
@pytest.mark.parametrize("where", ["outside", "inside"])
async def test_no_definition_is_fetched_from_anywhere(site: Site, app: WechatApp, where: str, openid: str) -> None:
    asked: list[object] = []
    async with await asyncio.start_server(lambda *streams: asked.append(streams), "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        await told(site, spoilt(site, app, event(openid), where, f'SYSTEM "http://127.0.0.1:{port}/x.dtd">'))

    assert asked == []


@AT
async def test_the_check_of_our_address_echoes_for_wechat_alone(site: Site, app: WechatApp) -> None:
    push = pushed(site, app, "")
    timestamp, script = push.query["timestamp"], "<script>alert(1)</script>"
    query: dict[str, Any] = {"timestamp": timestamp, "nonce": "n", "echostr": script}

    def ask(signature: str) -> bytes:
        return request_bytes("GET", f"{push.path}?{urlencode(query | {'signature': signature})}")

    forged, genuine = [await exchange(site, ask(s)) for s in ("0" * 40, sign(token_of(site, app), timestamp, "n"))]

    assert forged.said == "403 bad_callback"
    assert (genuine.raw.decode(), genuine.media) == (script, "text/plain")
    assert genuine.faults() == []


async def test_a_forged_consent_gives_no_message_to_send(site: Site, openid: str) -> None:
    push = pushed(site, "mini_program", event(openid).replace("unsubscribe", "subscribe_msg_popup_event"))

    await told(site, with_("msg_signature", "f" * 40)(push))

    assert await SubscribeCredit.filter(openid=openid).count() == 0
