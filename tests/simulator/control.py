"""The control interface under /_/, JSON in and out.

GET    /_/phones                          every phone
POST   /_/phones {"name", "follows"?}     a new phone: {"openid", "mini_openid", "unionid", …}
POST   /_/phones/{openid}/follow          follows, callback subscribe; likewise /unfollow, callback unsubscribe
POST   /_/phones/{openid}/scan {"ticket"} or {"url"}: subscribe with qrscene_, or SCAN
POST   /_/phones/{openid}/code            {"code"} as wx.login would give it
POST   /_/phones/{openid}/mute {"template_id", "muted"?: true}
POST   /_/phones/{openid}/block {"blocked"?: true}   accepted messages then fail with "failed:user block"
GET    /_/phones/{openid}/messages        what the phone shows, oldest first
GET POST DELETE /_/faults {"endpoint", "errcode" | "status" | "drop": "request"|"reply" | "delay", "times"?: 1}
POST   /_/quota {"endpoint": "template/send"|"qrcode/create", "left": 0}   then 45009
POST   /_/tokens/kill {"appid"?}          every token given out dies now
POST   /_/callback {"url"?, "pause"?, "receipt_delay"?}
GET    /_/pushes                          callbacks tried, and what was answered
POST   /_/settle                          returns when no receipt is on its way
GET    /_/qr-codes                        the live ones, newest first: [{"url", "scanned", "seconds_left"}]
GET    /_/templates                       {template_id: {"title", "fields": {key: name}}}
GET    /_/counters                        {"cgi-bin/stable_token": 1, "template/send visible": 3, …}
POST   /_/reset                           a new world: no messages, faults, counters; 手机甲 and 手机乙

A refusal is HTTP 400 {"errcode", "errmsg"}.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from pydantic import ValidationError

from tests.simulator.faults import Fault, Faults
from tests.simulator.platform import Message, Phone, Platform, Refused
from tests.simulator.pushes import Push, Pushes

Body = dict[str, Any]


class Control:
    def __init__(self, platform: Platform, faults: Faults, pushes: Pushes) -> None:
        self._platform = platform
        self._faults = faults
        self._pushes = pushes

    def routes(self) -> list[web.RouteDef]:
        of_phone: dict[str, Callable[[Phone, Body], Awaitable[object]]] = {
            "follow": self.follow,
            "unfollow": self.unfollow,
            "scan": self.scan,
            "code": self.mint_code,
            "mute": self.mute,
            "block": self.block,
        }
        plain: list[tuple[str, str, Callable[[Body], Awaitable[object]]]] = [
            ("GET", "/_/phones", self.list_phones),
            ("POST", "/_/phones", self.add_phone),
            ("GET", "/_/qr-codes", self.list_qr_codes),
            ("GET", "/_/faults", self.list_faults),
            ("POST", "/_/faults", self.add_fault),
            ("DELETE", "/_/faults", self.clear_faults),
            ("POST", "/_/quota", self.set_quota),
            ("POST", "/_/tokens/kill", self.kill_tokens),
            ("POST", "/_/callback", self.set_callback),
            ("GET", "/_/pushes", self.list_pushes),
            ("POST", "/_/settle", self.settle),
            ("GET", "/_/counters", self.counters),
            ("POST", "/_/reset", self.reset),
        ]
        return [
            *(web.route(method, path, _answering(work)) for method, path, work in plain),
            *(web.post(f"/_/phones/{{openid}}/{name}", self._on_phone(work)) for name, work in of_phone.items()),
            web.get("/_/phones/{openid}/messages", self._on_phone(self.messages)),
        ]

    async def list_phones(self, _: Body) -> object:
        return [self._platform.describe(phone) for phone in self._platform.phones.values()]

    async def add_phone(self, body: Body) -> object:
        phone = self._platform.add_phone(str(body.get("name", "手机")), follows=bool(body.get("follows")))
        return self._platform.describe(phone)

    async def follow(self, phone: Phone, _: Body) -> object:
        return asdict(await self._pushes.follow(phone))

    async def unfollow(self, phone: Phone, _: Body) -> object:
        return asdict(await self._pushes.unfollow(phone))

    async def scan(self, phone: Phone, body: Body) -> object:
        ticket = str(body.get("ticket") or ticket_of(str(body.get("url", ""))))
        qr = self._platform.qr_codes.get(ticket)
        if qr is None or qr.until <= self._platform.now():
            phone.messages.append(Message("notice", self._platform.now(), text="二维码无效或已过期"))
            raise Refused(40097, "unknown or expired QR code")
        qr.scanned = True
        push: Push = await self._pushes.scan(phone, qr.scene, ticket)
        return asdict(push)

    async def list_qr_codes(self, _: Body) -> object:
        now = self._platform.now()
        return [
            {"url": self._platform.qr_url(ticket), "scanned": qr.scanned, "seconds_left": int(qr.until - now)}
            for ticket, qr in reversed(self._platform.qr_codes.items())
            if qr.until > now
        ]

    async def mint_code(self, phone: Phone, _: Body) -> object:
        return {"code": self._platform.mint_code(phone.openid)}

    async def mute(self, phone: Phone, body: Body) -> object:
        change = phone.muted.add if body.get("muted", True) else phone.muted.discard
        change(str(body["template_id"]))
        return self._platform.describe(phone)

    async def block(self, phone: Phone, body: Body) -> object:
        phone.blocked = bool(body.get("blocked", True))
        return self._platform.describe(phone)

    async def messages(self, phone: Phone, _: Body) -> object:
        return [asdict(message) for message in phone.messages]

    async def list_faults(self, _: Body) -> object:
        return self._faults.listing()

    async def add_fault(self, body: Body) -> object:
        self._faults.add(Fault.model_validate(body))
        return self._faults.listing()

    async def clear_faults(self, _: Body) -> object:
        self._faults.clear()
        return []

    async def set_quota(self, body: Body) -> object:
        self._platform.quota[str(body["endpoint"])] = int(body["left"])
        return self._platform.quota

    async def kill_tokens(self, body: Body) -> object:
        for appid in [str(body["appid"])] if "appid" in body else list(self._platform.tokens):
            self._platform.tokens[self._platform.app(appid).appid].kill()
        return {}

    async def set_callback(self, body: Body) -> object:
        self._pushes.callback_url = str(body.get("url", self._pushes.callback_url))
        self._pushes.pause = float(body.get("pause", self._pushes.pause))
        self._pushes.receipt_delay = float(body.get("receipt_delay", self._pushes.receipt_delay))
        return {"url": self._pushes.callback_url, "pause": self._pushes.pause}

    async def list_pushes(self, _: Body) -> object:
        return self._pushes.listing()

    async def settle(self, _: Body) -> object:
        await self._pushes.settle()
        return {}

    async def counters(self, _: Body) -> object:
        return dict(self._platform.counters)

    async def reset(self, _: Body) -> object:
        await self._pushes.stop()
        self._pushes.done.clear()
        self._faults.clear()
        self._platform.reset()
        return {}

    def _on_phone(self, work: Callable[[Phone, Body], Awaitable[object]]) -> Callable[..., Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            async def on_phone(body: Body) -> object:
                return await work(self._platform.phone(request.match_info["openid"]), body)

            return await _answering(on_phone)(request)

        return handle


def ticket_of(url: str) -> str:
    """The ticket in what a QR code encodes: <simulator>/scan#ticket=…"""
    return parse_qs(urlsplit(url.strip()).fragment).get("ticket", [""])[0]


def _answering(work: Callable[[Body], Awaitable[object]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.read() or b"{}")
            return web.json_response(await work(body if isinstance(body, dict) else {}))
        except Refused as refused:
            return web.json_response({"errcode": refused.code, "errmsg": refused.message}, status=400)
        except (KeyError, ValueError, ValidationError) as error:
            return web.json_response({"errcode": 47001, "errmsg": str(error)}, status=400)

    return handle
