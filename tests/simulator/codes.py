"""What is scanned, and the codes that a phone hands out once."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulator.refused import Refused

CODE_SECONDS = 300


@dataclass(slots=True)
class Qr:
    """A QR code of the service account."""

    scene: str
    until: float
    made_at: float
    scanned: bool = False

    def describe(self, url: str, now: float) -> dict[str, Any]:
        left = int(self.until - now)
        return {"kind": "official_account", "url": url, "scanned": self.scanned, "seconds_left": left}


@dataclass(slots=True)
class MiniCode:
    """A mini-program code: it never expires; whoever scans it opens `page` with `scene`."""

    scene: str
    page: str
    env_version: str
    made_at: float
    scanned: bool = False

    def describe(self, url: str, now: float) -> dict[str, Any]:
        told = {"kind": "mini_program", "url": url, "scanned": self.scanned, "seconds_left": None}
        return {**told, "scene": self.scene, "page": self.page, "made_seconds_ago": int(now - self.made_at)}


@dataclass(slots=True)
class _Code:
    openid: str
    until: float
    used: bool = False


class SingleUseCodes:
    """Codes of one kind: five minutes, one use."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._codes: OrderedDict[str, _Code] = OrderedDict()

    def mint(self, openid: str) -> str:
        drop_expired(self._codes, self._now())
        value = secrets.token_urlsafe(24)
        self._codes[value] = _Code(openid, self._now() + CODE_SECONDS)
        return value

    def redeem(self, value: str, *, used: int) -> str:
        """Whose code it is. Raises 40029 for none or one too old, `used` for one that was redeemed before."""
        code = self._codes.get(value)
        if code is None or code.until <= self._now():
            raise Refused(40029, "invalid code")
        if code.used:
            raise Refused(used, "code been used")
        code.used = True
        return code.openid


def drop_expired(things: OrderedDict[str, Any], now: float) -> None:
    """From the old end only: they stand in the order in which they were made, and live about equally long."""
    while things and next(iter(things.values())).until <= now:
        things.popitem(last=False)
