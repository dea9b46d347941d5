"""What the simulated WeChat remembers: apps with their tokens, phones, codes, quotas and what was shown to whom."""

import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from config.settings import WechatAppSettings, WechatSettings
from tests.simulator.codes import MiniCode, Qr, SingleUseCodes, drop_expired
from tests.simulator.phones import Message, Phone, openids
from tests.simulator.quotas import Quotas
from tests.simulator.refused import Refused
from tests.simulator.switches import Switches
from tests.simulator.tokens import Tokens

DEDUPE_SECONDS = 600
KEPT_MINI_CODES = 10_000
LISTED_CODES = 50


class Platform:
    """One world of phones. `now` gives seconds since the epoch, as the service's clock has them."""

    def __init__(self, setup: WechatSettings, url: str, *, now: Callable[[], float] = time.time) -> None:
        self.setup = setup
        self.url = url
        self.now = now
        self.reset()

    def reset(self) -> None:
        """Forget everything; two phones that follow nobody are there again."""
        self.switches = Switches()
        apps = (self.setup.official_account, self.setup.mini_program)
        self.tokens = {app.appid: Tokens(self.now, self.switches) for app in apps}
        self.qr_codes: OrderedDict[str, Qr] = OrderedDict()
        self.mini_codes: OrderedDict[str, MiniCode] = OrderedDict()  # by name, oldest first
        self.login_codes = SingleUseCodes(self.now)
        self.phone_codes = SingleUseCodes(self.now)
        self.quotas = Quotas(self.now)
        self.counters: Counter[str] = Counter()
        self._shown: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()  # oldest first
        self._next_msgid = int(self.now() * 1000)  # larger than before a restart
        self._crowd = 0
        self.take_up(())

    def take_up(self, phones: Iterable[Phone]) -> None:
        """Exactly these phones, or the two of the beginning where there are none."""
        self.phones: dict[str, Phone] = {}
        self.people: list[Phone] = []  # all but the crowd
        self._of_mini: dict[str, Phone] = {}
        for phone in phones:
            self._keep(phone)
        if not self.phones:
            for name, seed, mobile in (("手机甲", "phone-a", "13800000001"), ("手机乙", "phone-b", "13800000002")):
                self._keep(Phone(name, *openids(seed), mobile=mobile))

    def add_phone(self, name: str, *, seed: str = "", follows: bool = False, mobile: str = "") -> Phone:
        """`seed` gives the same openids in every run; without it they are random."""
        ids = openids((seed or secrets.token_hex(8)).replace("_", "-"))
        mobile = mobile or f"139{secrets.randbelow(10**8):08d}"
        return self._keep(Phone(name, *ids, mobile=mobile, follows=follows))

    def add_crowd(self, count: int, *, follows: bool, credits: dict[str, int]) -> list[Phone]:
        """The next `count` phones of the crowd: tails of their openids are crowd-0000001 and so on."""
        numbers = range(self._crowd + 1, self._crowd + 1 + count)
        self._crowd += count
        return [
            self._keep(Phone("", *openids(f"crowd-{n:07d}"), follows=follows, credits=dict(credits), crowd=True))
            for n in numbers
        ]

    def _keep(self, phone: Phone) -> Phone:
        self.phones[phone.openid] = phone
        self._of_mini[phone.mini_openid] = phone
        if not phone.crowd:
            self.people.append(phone)
        return phone

    def phone(self, openid: str) -> Phone:
        """By its openid at the service account. Raises 40003 for a stranger or another app's openid."""
        if openid not in self.phones:
            raise Refused(40003, "invalid openid")
        return self.phones[openid]

    def mini_phone(self, openid: str) -> Phone:
        """By its openid in the mini program. Raises 40003."""
        if openid not in self._of_mini:
            raise Refused(40003, "invalid openid")
        return self._of_mini[openid]

    def app(self, appid: str) -> WechatAppSettings:
        for app in (self.setup.official_account, self.setup.mini_program):
            if app.appid == appid:
                return app
        raise Refused(40013, "invalid appid")

    def kill_tokens(self, *appids: str) -> None:
        """Of these apps, or of both: every token given out dies now."""
        for appid in appids or self.tokens:
            self.tokens[self.app(appid).appid].kill()

    def mint_code(self, openid: str) -> str:
        """What wx.login would give to the mini program on this phone."""
        return self.login_codes.mint(self.phone(openid).mini_openid)

    def mint_phone_code(self, openid: str) -> str:
        """What the button getPhoneNumber would give to the mini program on this phone."""
        return self.phone_codes.mint(self.phone(openid).mini_openid)

    def add_qr(self, scene: str, seconds: int) -> str:
        drop_expired(self.qr_codes, self.now())
        ticket = secrets.token_urlsafe(48)
        self.qr_codes[ticket] = Qr(scene, self.now() + seconds, self.now())
        return ticket

    def qr_url(self, ticket: str) -> str:
        """What the picture of a QR code encodes: the ticket in the fragment, which no server sees."""
        return f"{self.url}/scan#ticket={ticket}"

    def add_mini_code(self, scene: str, page: str, env_version: str) -> str:
        """The name of the new code."""
        if len(self.mini_codes) >= KEPT_MINI_CODES:
            self.mini_codes.popitem(last=False)
        name = secrets.token_urlsafe(12)
        self.mini_codes[name] = MiniCode(scene, page, env_version, self.now())
        return name

    def mini_code_url(self, name: str) -> str:
        """What our picture of a mini-program code encodes; the real one is no address."""
        return f"{self.url}/scan#code={name}"

    def describe_codes(self) -> list[dict[str, Any]]:
        """What a phone could scan now, newest first."""
        codes: list[tuple[Qr | MiniCode, str]] = [
            *((qr, self.qr_url(ticket)) for ticket, qr in self.qr_codes.items() if qr.until > self.now()),
            *((code, self.mini_code_url(name)) for name, code in self.mini_codes.items()),
        ]
        codes.sort(key=lambda code: code[0].made_at, reverse=True)
        return [code.describe(url, self.now()) for code, url in codes[:LISTED_CODES]]

    def has_page(self, page: str) -> bool:
        """Whether the released mini program has it."""
        return page in self.setup.mini_program_pages.values() or page in self.switches.released_pages

    def shown_before(self, openid: str, client_msg_id: str) -> int | None:
        """The msgid under which this was shown to this person within ten minutes."""
        at, msgid = self._shown.get((openid, client_msg_id), (0.0, 0))
        return msgid if self.now() - at < DEDUPE_SECONDS and msgid else None

    def number(self, message: Message) -> int:
        """The message's new msgid."""
        message.msgid = self._next_msgid
        self._next_msgid += 1
        return message.msgid

    def remember(self, openid: str, client_msg_id: str, msgid: int) -> None:
        """For `shown_before`; what is older than ten minutes is forgotten from the old end."""
        while self._shown and self.now() - next(iter(self._shown.values()))[0] >= DEDUPE_SECONDS:
            self._shown.popitem(last=False)
        self._shown.pop((openid, client_msg_id), None)
        self._shown[openid, client_msg_id] = (self.now(), msgid)
