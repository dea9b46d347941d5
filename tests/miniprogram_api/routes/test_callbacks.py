"""WeChat's callback: proven, kept once, acknowledged; a scan is answered with the link to confirm."""

import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from config.settings import WechatAppSettings
from miniprogram_api.routes.callbacks import App, check_address, receive
from models.accounts import BindingTicket, LoginSession, TicketState, WechatApp
from models.messages import CallbackEvent
from server import clock, crypto
from server.accounts.tickets import write_ticket
from server.errors import Refusal
from server.gateways.wechat.callback import CallbackDoor
from server.gateways.wechat.envelope import sign
from server.http.call import Call
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld

BOTH = pytest.mark.parametrize("app", ["official-account", "mini-program"])
_TOKEN = "token-of-the-test"
_SETUP = WechatAppSettings(appid="wx1", secret=SecretStr("s"), token=SecretStr(_TOKEN), mode="plain")


@pytest.fixture
def world(database: Engine) -> MessageWorld:
    return MessageWorld()


def call_with(body: str = "", **query: str) -> Call:
    """A request as WeChat signs it; a query given here wins."""
    timestamp = str(int(clock.now().timestamp()))
    signed = {"timestamp": timestamp, "nonce": "n", "signature": sign(_TOKEN, timestamp, "n")} | query
    request: Any = SimpleNamespace(args={name: [value] for name, value in signed.items()}, body=body.encode())
    doors = SimpleNamespace(
        official_account_door=CallbackDoor(WechatApp.OFFICIAL_ACCOUNT, _SETUP),
        mini_program_door=CallbackDoor(WechatApp.MINI_PROGRAM, _SETUP),
    )

    async def wechat() -> SimpleNamespace:
        return doors

    services: Any = SimpleNamespace(wechat=wechat)
    return Call(request, services)


def event(openid: str, rest: str) -> str:
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName><CreateTime>1765000000</CreateTime>"
        f"<MsgType>event</MsgType>{rest}</xml>"
    )


def unsubscribe(openid: str) -> str:
    return event(openid, "<Event>unsubscribe</Event>")


def json_event(openid: str) -> str:
    item = {"TemplateId": "T1", "SubscribeStatusString": "accept"}
    head = {"ToUserName": "gh_2", "FromUserName": openid, "CreateTime": 1765000000, "MsgType": "event"}
    return json.dumps(head | {"Event": "subscribe_msg_popup_event", "List": item})


def scan(openid: str, secret: str) -> str:
    return event(openid, f"<Event>SCAN</Event><EventKey>{secret}</EventKey><Ticket>t</Ticket>")


async def waiting_ticket(world: MessageWorld) -> tuple[BindingTicket, str]:
    firm = await world.firm()
    session = await LoginSession.create(
        created_at=clock.now(),
        account_id=firm.id,
        token_hash=uuid4().hex,
        client="browser",
        epoch=0,
        last_used_at=clock.now(),
        expires_at=clock.at(clock.today().replace(year=clock.today().year + 1), "00:00"),
    )
    secret = crypto.new_secret(128)
    ticket = await write_ticket(secret, WechatApp.OFFICIAL_ACCOUNT, account_id=firm.id, session_id=session.id)
    return ticket, secret


@BOTH
async def test_the_address_check_is_answered_with_its_own_word(app: App) -> None:
    reply = await check_address(call_with(echostr="4375120948345356249"), app)

    assert reply.body == b"4375120948345356249"


@BOTH
async def test_an_unsigned_push_is_refused_and_not_kept(world: MessageWorld, app: App) -> None:
    before = await CallbackEvent.all().count()

    with pytest.raises(Refusal):
        await receive(call_with(event("o1", "<Event>unsubscribe</Event>"), signature="0" * 40), app)

    assert await CallbackEvent.all().count() == before


@BOTH
@pytest.mark.parametrize("written", [unsubscribe, json_event], ids=["xml", "json"])
async def test_an_event_pushed_twice_is_kept_once_and_acknowledged_twice(
    world: MessageWorld, app: App, written: Callable[[str], str]
) -> None:
    body = written(f"o{uuid4().hex}")
    before = await CallbackEvent.filter(app=app.replace("-", "_")).count()

    replies = [(await receive(call_with(body), app)).body for _ in range(2)]

    assert replies == [b"success", b"success"]
    assert await CallbackEvent.filter(app=app.replace("-", "_")).count() == before + 1


async def test_what_was_pushed_is_kept_word_for_word_and_sealed(world: MessageWorld) -> None:
    openid = f"m{uuid4().hex}"
    body = json_event(openid)

    await receive(call_with(body), "mini-program")

    (kept,) = await CallbackEvent.filter(unique_key__startswith=openid)
    assert openid not in kept.body
    assert crypto.unseal(kept.body, f"callback.body:{kept.id}") == body


async def test_a_scan_is_answered_with_a_link_to_confirm(world: MessageWorld) -> None:
    ticket, secret = await waiting_ticket(world)
    openid = f"o{uuid4().hex}"

    reply = await receive(call_with(scan(openid, secret)), "official-account")

    link = re.search(r'<a href="[^"]+/wechat/bind#nonce=([\w-]{20,})">点此确认绑定</a>', reply.body.decode())
    seen = await BindingTicket.get(id=ticket.id)
    assert link is not None
    assert (seen.state, seen.openid) == (TicketState.SCANNED, openid)
    assert seen.nonce_hash == crypto.hash_secret(link.group(1))


async def test_a_code_that_is_gone_is_said_in_the_chat(world: MessageWorld) -> None:
    reply = await receive(call_with(scan(f"o{uuid4().hex}", crypto.new_secret(128))), "official-account")

    assert "二维码已失效，请重新获取" in reply.body.decode()
