"""The mini program: logins, its codes, phone numbers, subscribe messages and the check of texts."""

import re
import secrets
from typing import Any

from server.accounts.qr_image import draw_qr
from tests.simulator.api.answering import Call, as_dict
from tests.simulator.api.tokens import check_token
from tests.simulator.api.values import fits
from tests.simulator.phones import Message, Phone
from tests.simulator.platform import Platform
from tests.simulator.pushes import Pushes
from tests.simulator.refused import Refused

VISIT_SECONDS = 7200
CONTENT_LENGTH = 2500
LANGUAGES = {"zh_CN", "en_US", "zh_HK", "zh_TW"}
STATES = {"developer", "trial", "formal"}
VERSIONS = {"release", "trial", "develop"}
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@._~-]{1,32}")


class MiniProgramEndpoints:
    def __init__(self, platform: Platform, pushes: Pushes) -> None:
        self._platform = platform
        self._pushes = pushes
        self._app = platform.setup.mini_program

    def code_to_session(self, call: Call) -> dict[str, Any]:
        if call.query.get("appid") != self._app.appid:
            raise Refused(40013, "invalid appid")
        if call.query.get("secret") != self._app.secret.get_secret_value():
            raise Refused(40125, "invalid appsecret")
        phone = self._platform.mini_phone(self._platform.login_codes.redeem(call.query.get("js_code", ""), used=40163))
        self._platform.quotas.spend("jscode2session", phone.openid)
        phone.visited_at = self._platform.now()
        joined = {"unionid": phone.unionid} if self._platform.switches.unionids else {}
        return {"openid": phone.mini_openid, "session_key": secrets.token_urlsafe(16), **joined}

    def draw_code(self, call: Call) -> bytes:
        self._check(call, "wxa/getwxacodeunlimit")
        scene, page, version = call.body.get("scene"), call.text("page"), call.body.get("env_version", "release")
        width = call.body.get("width", 430)
        if not isinstance(scene, str) or not _SCENE.fullmatch(scene):
            raise Refused(40169, "invalid length for scene, or the data is not json string")
        if version not in VERSIONS or type(width) is not int or not 280 <= width <= 1280:
            raise Refused(40097, "invalid args")
        if page.startswith("/") or "?" in page:
            raise Refused(41030, "invalid page")
        if page and call.body.get("check_path", True) and not self._platform.has_page(page):
            raise Refused(41030, "invalid page")
        name = self._platform.add_mini_code(scene, page, version)
        return draw_qr(self._platform.mini_code_url(name))

    def phone_number(self, call: Call) -> dict[str, Any]:
        self._check(call, "wxa/business/getuserphonenumber")
        phone = self._platform.mini_phone(self._platform.phone_codes.redeem(call.text("code"), used=40029))
        if call.body.get("openid", phone.mini_openid) != phone.mini_openid:
            raise Refused(40003, "invalid openid")
        country = phone.country_code
        appid = self._platform.switches.watermark_appid or self._app.appid
        number = {
            "phoneNumber": phone.mobile if country == "86" else f"+{country}{phone.mobile}",
            "purePhoneNumber": phone.mobile,
            "countryCode": int(country) if self._country_is_a_number() else country,
            "watermark": {"timestamp": int(self._platform.now()), "appid": appid},
        }
        return {"errcode": 0, "errmsg": "ok", "phone_info": number}

    def send_subscribe(self, call: Call) -> dict[str, Any]:
        self._check(call, "subscribe/send")
        phone = self._platform.mini_phone(call.text("touser"))
        message = self._message(call.body)
        if message.template_id in phone.muted or phone.credits.get(message.template_id, 0) < 1:
            raise Refused(43101, "user refuse to accept the msg")
        phone.credits[message.template_id] -= 1
        msgid = self._platform.number(message)
        self._platform.counters["subscribe/send accepted"] += 1
        self._show(phone, message)
        named = {"msgid": msgid} if self._platform.switches.msgid_of_subscribe_messages else {}
        return {"errcode": 0, "errmsg": "ok", **named}

    def check_text(self, call: Call) -> dict[str, Any]:
        self._check(call, "wxa/msg_sec_check")
        content, body = call.text("content"), call.body
        if not content:
            raise Refused(44002, "empty post data")
        if body.get("version") != 2 or len(content) > CONTENT_LENGTH:
            raise Refused(47001, "data format error")
        if body.get("scene") not in (1, 2, 3, 4):
            raise Refused(40129, "invalid scene")
        self._check_visit(call.text("openid"))
        suggest, label = self._opinion(content)
        self._platform.counters[f"msg_sec_check {suggest}"] += 1
        detail = [{"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}]
        result = {"suggest": suggest, "label": label}
        return {"errcode": 0, "errmsg": "ok", "result": result, "detail": detail, "trace_id": secrets.token_hex(8)}

    def _check(self, call: Call, endpoint: str) -> None:
        """A token of this app, and calls left."""
        check_token(self._platform, self._app.appid, call)
        self._platform.quotas.spend(endpoint)

    def _check_visit(self, openid: str) -> None:
        if openid in self._platform.phones:
            raise Refused(43104, "appid does not match with openid")
        if self._platform.now() - self._platform.mini_phone(openid).visited_at > VISIT_SECONDS:
            raise Refused(40003, "invalid openid: no visit within two hours")

    def _opinion(self, content: str) -> tuple[str, int]:
        switches = self._platform.switches
        if any(word in content for word in switches.risky_words):
            return "risky", 20006
        if any(word in content for word in switches.doubtful_words):
            return "review", 20001
        return "pass", 100

    def _country_is_a_number(self) -> bool:
        """The documented table says string, the documented example shows a number."""
        kind = self._platform.switches.country_code
        calls = self._platform.counters["wxa/business/getuserphonenumber"]
        return calls % 2 == 1 if kind == "alternating" else kind == "number"

    def _message(self, body: dict[str, Any]) -> Message:
        if body.get("template_id") not in self._platform.setup.subscribe_templates.values():
            raise Refused(40037, "invalid template_id")
        for name, known in (("lang", LANGUAGES), ("miniprogram_state", STATES)):
            if body.get(name) not in known:
                raise Refused(47003, f"argument invalid! {name}")
        page = str(body.get("page", ""))
        if page and not self._platform.has_page(page.split("?", maxsplit=1)[0]):
            raise Refused(41030, "invalid page")
        fields = {key: as_dict(item).get("value") for key, item in as_dict(body.get("data")).items()}
        wrong = [key for key, value in fields.items() if not fits(key, value)]
        if wrong or not fields:
            raise Refused(47003, f"argument invalid! data.{wrong[0] if wrong else ''}.value")
        shown = {key: str(value) for key, value in fields.items()}
        at = self._platform.now()
        return Message("subscribe", at, template_id=body["template_id"], fields=shown, page=page)

    def _show(self, phone: Phone, message: Message) -> None:
        if phone.blocked:
            self._pushes.sent_later(phone, message, shown=False)
            return
        phone.see(message)
        self._platform.counters["subscribe/send visible"] += 1
        self._pushes.sent_later(phone, message, shown=True)
