"""What the simulated WeChat remembers: apps with their tokens, phones, QR codes, login codes and messages."""

import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from config.settings import WechatAppSettings, WechatSettings

DEDUPE_SECONDS = 600
CODE_SECONDS = 300


class Refused(Exception):
    """The platform answers with an errcode."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass
class Message:
    """What a phone shows. kind: template, text, notice."""

    kind: str
    at: float
    text: str = ""
    template_id: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)  # keys of fields that were longer than 20 characters
    url: str = ""
    miniprogram: dict[str, str] = field(default_factory=dict)
    msgid: int = 0


@dataclass
class Phone:
    """One person: one openid in each app, joined by the unionid."""

    name: str
    openid: str
    mini_openid: str
    unionid: str
    follows: bool = False
    blocked: bool = False  # accepts, then reports failed:user block
    muted: set[str] = field(default_factory=set)  # template ids the person switched off
    messages: list[Message] = field(default_factory=list)


@dataclass
class Qr:
    scene: str
    until: float
    scanned: bool = False


@dataclass
class LoginCode:
    mini_openid: str
    until: float
    used: bool = False


class Tokens:
    """stable_token of one app: the same token to everybody until five minutes before its end; a forced refresh kills
    the old one at once, at most every 30 s and 20 times a day."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._valid: dict[str, float] = {}
        self._current = ""
        self._forced: list[float] = []
        self.lifetime = 7200.0

    def stable(self, *, force: bool) -> tuple[str, int]:
        if force:
            self._force()
        elif self._valid.get(self._current, 0) - self._now() > 300:
            return self._current, int(self._valid[self._current] - self._now())
        self._current = secrets.token_urlsafe(96)
        self._valid[self._current] = self._now() + self.lifetime
        return self._current, int(self.lifetime)

    def _force(self) -> None:
        now = self._now()
        self._forced = [at for at in self._forced if now - at < 86400]
        if len(self._forced) >= 20:
            raise Refused(45009, "reach max api daily quota limit")
        if self._forced and now - self._forced[-1] < 30:
            raise Refused(45011, "api minute-quota reach limit")
        self._forced.append(now)
        self.kill()

    def kill(self) -> None:
        """Every token given out dies now."""
        self._valid.clear()
        self._current = ""

    def check(self, value: str) -> None:
        if not value:
            raise Refused(41001, "access_token missing")
        if value not in self._valid:
            raise Refused(40001, "invalid credential, access_token is invalid or not latest")
        if self._valid[value] <= self._now():
            raise Refused(42001, "access_token expired")


class Platform:
    """One world of phones. `now` gives seconds since the epoch, as the service's clock has them."""

    def __init__(self, setup: WechatSettings, url: str, *, now: Callable[[], float] = time.time) -> None:
        self.setup = setup
        self.url = url
        self.now = now
        self.reset()

    def reset(self) -> None:
        """Forget everything; two phones that follow nobody are there again."""
        self.tokens = {app.appid: Tokens(self.now) for app in (self.setup.official_account, self.setup.mini_program)}
        self.phones: dict[str, Phone] = {}
        self.qr_codes: dict[str, Qr] = {}
        self.login_codes: dict[str, LoginCode] = {}
        self.quota: dict[str, int] = {}  # endpoint -> calls left today
        self.counters: Counter[str] = Counter()
        self._shown: dict[tuple[str, str], tuple[float, int]] = {}
        self._next_msgid = int(self.now() * 1000)  # larger than before a restart
        for name, seed in (("手机甲", "phone-a"), ("手机乙", "phone-b")):
            self.add_phone(name, seed=seed)

    def add_phone(self, name: str, *, seed: str = "", follows: bool = False) -> Phone:
        """`seed` gives the same openids in every run; without it they are random. All have WeChat's 28 characters."""
        tail = (seed or secrets.token_hex(8)).replace("_", "-")
        phone = Phone(
            name, f"oOfficial-{tail}".ljust(28, "0"), f"oMiniPrg-{tail}".ljust(28, "0"), f"union-{tail}".ljust(28, "0")
        )
        phone.follows = follows
        self.phones[phone.openid] = phone
        return phone

    def phone(self, openid: str) -> Phone:
        """Raises 40003 for a stranger or another app's openid."""
        if openid not in self.phones:
            raise Refused(40003, "invalid openid")
        return self.phones[openid]

    def app(self, appid: str) -> WechatAppSettings:
        for app in (self.setup.official_account, self.setup.mini_program):
            if app.appid == appid:
                return app
        raise Refused(40013, "invalid appid")

    def mint_code(self, openid: str) -> str:
        """What wx.login would give to the mini program on this phone."""
        code = secrets.token_urlsafe(24)
        self.login_codes[code] = LoginCode(self.phone(openid).mini_openid, self.now() + CODE_SECONDS)
        return code

    def add_qr(self, scene: str, seconds: int) -> str:
        ticket = secrets.token_urlsafe(48)
        self.qr_codes[ticket] = Qr(scene, self.now() + seconds)
        return ticket

    def qr_url(self, ticket: str) -> str:
        """What the picture of a QR code encodes: the ticket in the fragment, which no server sees."""
        return f"{self.url}/scan#ticket={ticket}"

    def spend(self, endpoint: str) -> None:
        left = self.quota.get(endpoint)
        if left == 0:
            raise Refused(45009, "reach max api daily quota limit")
        if left is not None:
            self.quota[endpoint] = left - 1

    def shown_before(self, openid: str, client_msg_id: str) -> int | None:
        """The msgid under which this was shown to this person within ten minutes."""
        at, msgid = self._shown.get((openid, client_msg_id), (0.0, 0))
        return msgid if self.now() - at < DEDUPE_SECONDS and msgid else None

    def show(self, phone: Phone, message: Message, client_msg_id: str) -> int:
        """The message appears on the phone; the msgid it got."""
        message.msgid = self._next_msgid
        self._next_msgid += 1
        phone.messages.append(message)
        if client_msg_id:
            self._shown[(phone.openid, client_msg_id)] = (self.now(), message.msgid)
        return message.msgid

    def describe(self, phone: Phone) -> dict[str, Any]:
        return {
            "name": phone.name,
            "openid": phone.openid,
            "mini_openid": phone.mini_openid,
            "unionid": phone.unionid,
            "follows": phone.follows,
            "blocked": phone.blocked,
            "muted": sorted(phone.muted),
            "messages": len(phone.messages),
        }
