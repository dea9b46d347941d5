"""Access tokens of one app: stable ones, and those of the older interface, which end each other."""

import secrets
from collections.abc import Callable

from tests.simulator.refused import Refused
from tests.simulator.switches import Switches

EARLY = 300  # seconds: a stable token is renewed, and an old one lives on, for this long
FORCED_A_DAY = 20
FORCED_APART = 30
PLAIN_A_DAY = 2000


class Tokens:
    """`stable`: the same token to everybody until five minutes before its end; a forced refresh kills the old one at
    once, at most every 30 s and 20 times a day. `plain` (/cgi-bin/token): every call gives a new one, and the one
    before lives five minutes more or, by switch, not at all. Neither touches the other's."""

    def __init__(self, now: Callable[[], float], switches: Switches) -> None:
        self._now = now
        self._switches = switches
        self._valid: dict[str, float] = {}
        self._stable = ""
        self._plain = ""
        self._forced: list[float] = []
        self._plain_calls: list[float] = []

    def stable(self, *, force: bool) -> tuple[str, int]:
        if force:
            self._force()
        elif self._valid.get(self._stable, 0) - self._now() > EARLY:
            return self._stable, int(self._valid[self._stable] - self._now())
        self._stable = self._new()
        return self._stable, int(self._switches.token_seconds)

    def plain(self) -> tuple[str, int]:
        self._plain_calls = [at for at in self._plain_calls if self._now() - at < 86400]
        if len(self._plain_calls) >= PLAIN_A_DAY:
            raise Refused(45009, "reach max api daily quota limit")
        self._plain_calls.append(self._now())
        ends = self._valid.pop(self._plain, 0)
        if ends and self._switches.token_mode == "overlap":
            self._valid[self._plain] = min(ends, self._now() + EARLY)
        self._plain = self._new()
        return self._plain, int(self._switches.token_seconds)

    def kill(self) -> None:
        """Every token given out dies now."""
        self._valid.clear()
        self._stable = self._plain = ""

    def check(self, value: str) -> None:
        if not value:
            raise Refused(41001, "access_token missing")
        if value not in self._valid:
            raise Refused(40001, "invalid credential, access_token is invalid or not latest")
        if self._valid[value] <= self._now():
            raise Refused(42001, "access_token expired")

    def _force(self) -> None:
        now = self._now()
        self._forced = [at for at in self._forced if now - at < 86400]
        if len(self._forced) >= FORCED_A_DAY:
            raise Refused(45009, "reach max api daily quota limit")
        if self._forced and now - self._forced[-1] < FORCED_APART:
            raise Refused(45011, "api minute-quota reach limit")
        self._forced.append(now)
        self._valid.pop(self._stable, None)

    def _new(self) -> str:
        value = secrets.token_urlsafe(96)
        self._valid[value] = self._now() + self._switches.token_seconds
        return value
