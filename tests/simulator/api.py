"""The platform's endpoints as documented: HTTP 200 always, {"errcode", "errmsg"} when it says no."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.simulator.faults import Fault, Faults
from tests.simulator.platform import Message, Phone, Platform, Refused
from tests.simulator.pushes import Pushes

FIELD_LENGTH = 20
QR_SECONDS = 2_592_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WechatApi:
    def __init__(self, platform: Platform, faults: Faults, pushes: Pushes) -> None:
        self._platform = platform
        self._faults = faults
        self._pushes = pushes

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/cgi-bin/stable_token", self._answering(self.stable_token)),
            web.get("/sns/jscode2session", self._answering(self.code_to_session)),
            web.post("/cgi-bin/qrcode/create", self._answering(self.create_qr)),
            web.post("/cgi-bin/message/template/send", self._answering(self.send_template)),
        ]

    async def stable_token(self, request: web.Request) -> dict[str, Any]:
        body = await _json(request)
        app = self._platform.app(str(body.get("appid", "")))
        if body.get("grant_type") != "client_credential":
            raise Refused(40002, "invalid grant_type")
        if body.get("secret") != app.secret.get_secret_value():
            raise Refused(40125, "invalid appsecret")
        value, seconds = self._platform.tokens[app.appid].stable(force=bool(body.get("force_refresh")))
        return {"access_token": value, "expires_in": seconds}

    async def code_to_session(self, request: web.Request) -> dict[str, Any]:
        query, mini = request.query, self._platform.setup.mini_program
        if query.get("appid") != mini.appid:
            raise Refused(40013, "invalid appid")
        if query.get("secret") != mini.secret.get_secret_value():
            raise Refused(40125, "invalid appsecret")
        code = self._platform.login_codes.get(query.get("js_code", ""))
        if code is None or code.until <= self._platform.now():
            raise Refused(40029, "invalid code")
        if code.used:
            raise Refused(40163, "code been used")
        code.used = True
        phone = next(p for p in self._platform.phones.values() if p.mini_openid == code.mini_openid)
        return {"openid": phone.mini_openid, "session_key": secrets.token_urlsafe(16), "unionid": phone.unionid}

    async def create_qr(self, request: web.Request) -> dict[str, Any]:
        self._check_token(request)
        body = await _json(request)
        self._platform.spend("qrcode/create")
        scene = _dict(_dict(body.get("action_info")).get("scene")).get("scene_str")
        if body.get("action_name") != "QR_STR_SCENE" or not isinstance(scene, str) or not 1 <= len(scene) <= 64:
            raise Refused(40053, "invalid action info")
        seconds = body.get("expire_seconds", 60)
        if not isinstance(seconds, int) or not 1 <= seconds <= QR_SECONDS:
            raise Refused(40052, "invalid expire_seconds")
        ticket = self._platform.add_qr(scene, seconds)
        return {"ticket": ticket, "expire_seconds": seconds, "url": self._platform.qr_url(ticket)}

    async def send_template(self, request: web.Request) -> dict[str, Any]:
        self._check_token(request)
        body = await _json(request)
        self._platform.spend("template/send")
        phone = self._platform.phone(str(body.get("touser", "")))
        message = self._template_message(body)
        if not phone.follows:
            raise Refused(43004, "require subscribe")
        if message.template_id in phone.muted:
            raise Refused(43101, "user refuse to accept the msg")
        client_msg_id = str(body.get("client_msg_id", ""))
        self._platform.counters["template/send accepted"] += 1
        shown = self._platform.shown_before(phone.openid, client_msg_id)
        if shown is not None:
            self._platform.counters["template/send repeated"] += 1
            return {"errcode": 0, "errmsg": "ok", "msgid": shown}
        return {"errcode": 0, "errmsg": "ok", "msgid": self._show(phone, message, client_msg_id)}

    def _show(self, phone: Phone, message: Message, client_msg_id: str) -> int:
        if phone.blocked:  # WeChat accepts, then reports that it could not be shown
            msgid = self._platform.show(phone, message, client_msg_id)
            phone.messages.remove(message)
            self._pushes.receipt_later(phone, msgid, "failed:user block")
            return msgid
        msgid = self._platform.show(phone, message, client_msg_id)
        self._platform.counters["template/send visible"] += 1
        self._pushes.receipt_later(phone, msgid, "success")
        return msgid

    def _template_message(self, body: dict[str, Any]) -> Message:
        if body.get("template_id") not in self._platform.setup.templates.values():
            raise Refused(40037, "invalid template_id")
        url = str(body.get("url", ""))
        if len(url) > 1024:
            raise Refused(40039, "invalid url size")
        fields = {key: _dict(item).get("value") for key, item in _dict(body.get("data")).items()}
        if not fields or not all(isinstance(value, str) and value for value in fields.values()):
            raise Refused(47003, "argument invalid! data")
        lines = {key: " ".join(str(value).split("\n")) for key, value in fields.items()}
        return Message(
            "template",
            self._platform.now(),
            template_id=body["template_id"],
            fields={key: value[:FIELD_LENGTH] for key, value in lines.items()},
            cut=[key for key, value in lines.items() if len(value) > FIELD_LENGTH],
            url=url,
            miniprogram=_dict(body.get("miniprogram")),
        )

    def _check_token(self, request: web.Request) -> None:
        appid = self._platform.setup.official_account.appid
        self._platform.tokens[appid].check(request.query.get("access_token", ""))

    def _answering(self, work: Callable[[web.Request], Awaitable[dict[str, Any]]]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self._platform.counters[request.path.removeprefix("/")] += 1
            fault = self._faults.next_for(request.path)
            if fault and fault.drop == "request":
                return _cut(request)
            answer = await self._worked(work, request, fault)
            if fault:
                await asyncio.sleep(fault.delay)
            if fault and fault.drop == "reply":
                return _cut(request)
            return answer

        return handle

    async def _worked(
        self, work: Callable[[web.Request], Awaitable[dict[str, Any]]], request: web.Request, fault: Fault | None
    ) -> web.Response:
        if fault and fault.status:
            return web.Response(status=fault.status, text="<html>bad gateway</html>")
        try:
            if fault and fault.errcode:
                raise Refused(fault.errcode, "injected")
            return web.json_response(await work(request))
        except Refused as refused:
            self._platform.counters[f"errcode {refused.code}"] += 1
            message = f"{refused.message} rid: {secrets.token_hex(4)}"
            return web.json_response({"errcode": refused.code, "errmsg": message})


def _cut(request: web.Request) -> web.Response:
    """The connection dies; what is returned never arrives."""
    if isinstance(request.transport, asyncio.Transport):
        request.transport.abort()
    return web.Response()


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise Refused(47001, "data format error") from None
    if not isinstance(body, dict):
        raise Refused(47001, "data format error")
    return body


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
