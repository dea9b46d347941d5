"""What a person does with a phone, as the control interface lets a test or a page do it."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulator.phones import Phone
from tests.simulator.platform import Platform
from tests.simulator.pushes import Pushes
from tests.simulator.refused import Refused

Body = dict[str, Any]
Action = Callable[[Phone, Body], Awaitable[object]]

TEMPLATES_AT_ONCE = 3


class Hands:
    def __init__(self, platform: Platform, pushes: Pushes) -> None:
        self._platform = platform
        self._pushes = pushes

    def actions(self) -> dict[str, Action]:
        """By the name that stands in the path."""
        return {
            "follow": self.follow,
            "unfollow": self.unfollow,
            "scan": self.scan,
            "code": self.mint_code,
            "phone-code": self.mint_phone_code,
            "mobile": self.set_mobile,
            "consent": self.consent,
            "credits": self.set_credits,
            "mute": self.mute,
            "block": self.block,
        }

    async def follow(self, phone: Phone, _: Body) -> object:
        return asdict(await self._pushes.follow(phone))

    async def unfollow(self, phone: Phone, _: Body) -> object:
        return asdict(await self._pushes.unfollow(phone))

    async def scan(self, phone: Phone, body: Body) -> object:
        read = fragment_of(str(body.get("url", "")))
        if code := self._platform.mini_codes.get(read.get("code", "")):
            code.scanned = True
            return {"page": code.page, "scene": code.scene}
        ticket = str(body.get("ticket") or read.get("ticket", ""))
        qr = self._platform.qr_codes.get(ticket)
        if qr is None or qr.until <= self._platform.now():
            phone.told(self._platform.now(), "二维码无效或已过期")
            raise Refused(40097, "unknown or expired QR code")
        qr.scanned = True
        return asdict(await self._pushes.scan(phone, qr.scene, ticket))

    async def mint_code(self, phone: Phone, _: Body) -> object:
        return {"code": self._platform.mint_code(phone.openid)}

    async def mint_phone_code(self, phone: Phone, _: Body) -> object:
        return {"code": self._platform.mint_phone_code(phone.openid)}

    async def set_mobile(self, phone: Phone, body: Body) -> object:
        phone.mobile, phone.country_code = str(body["mobile"]), str(body.get("country_code", "86"))
        return phone.describe()

    async def consent(self, phone: Phone, body: Body) -> object:
        """wx.requestSubscribeMessage: 20003 for too many templates, 20001 for one that does not exist."""
        answers = {str(template): str(answer) for template, answer in dict(body["answers"]).items()}
        if not 1 <= len(answers) <= TEMPLATES_AT_ONCE:
            raise Refused(20003, "templateIds count out of max bounds")
        if not answers.keys() <= set(self._platform.setup.subscribe_templates.values()):
            raise Refused(20001, "no template found")
        if not set(answers.values()) <= {"accept", "reject"}:
            raise ValueError("accept or reject")
        for template, answer in answers.items():
            phone.credits[template] = phone.credits.get(template, 0) + (answer == "accept")
        return {"answers": answers, "push": asdict(await self._pushes.popup(phone, answers))}

    async def set_credits(self, phone: Phone, body: Body) -> object:
        phone.credits[str(body["template_id"])] = int(body["credits"])
        return phone.describe()

    async def mute(self, phone: Phone, body: Body) -> object:
        """Only a refusal is told to the service, and only of the mini program's templates."""
        template, muted = str(body["template_id"]), bool(body.get("muted", True))
        if not muted:
            phone.muted.discard(template)
            return phone.describe()
        phone.muted.add(template)
        if template in self._platform.setup.subscribe_templates.values():
            phone.credits[template] = 0
            await self._pushes.switched_off(phone, template)
        return phone.describe()

    async def block(self, phone: Phone, body: Body) -> object:
        phone.blocked = bool(body.get("blocked", True))
        return phone.describe()

    async def messages(self, phone: Phone, _: Body) -> object:
        return [asdict(message) for message in phone.messages]


def fragment_of(url: str) -> dict[str, str]:
    """What a QR code carries: <simulator>/scan#ticket=… or #code=…"""
    return {name: values[0] for name, values in parse_qs(urlsplit(url.strip()).fragment).items()}
