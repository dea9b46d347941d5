"""How often an endpoint may be called: in a day, and in a minute."""

from collections import Counter
from collections.abc import Callable

from tests.simulator.refused import Refused

BEIJING = 8 * 3600

# endpoint -> calls a minute and the errcode above them, as documented
PER_MINUTE = {
    "wxa/getwxacodeunlimit": (5000, 45009),
    "wxa/msg_sec_check": (4000, 45009),
    "jscode2session": (100, 45011),  # of each person
}


class Quotas:
    """A day ends at midnight in Beijing; a quota that was set for a day is gone with it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._left: dict[str, tuple[int, int]] = {}  # endpoint -> the day, calls left in it
        self._minute = 0
        self._calls: Counter[tuple[str, str]] = Counter()  # of this minute
        self.per_minute = dict(PER_MINUTE)

    def set_left(self, endpoint: str, left: int) -> None:
        self._left[endpoint] = (self._day(), left)

    def spend(self, endpoint: str, who: str = "") -> None:
        """One call of `endpoint`. `who` where each person has a quota. Raises 45009 or 45011."""
        self._spend_minute(endpoint, who)
        day, left = self._left.get(endpoint, (0, 0))
        if day != self._day():
            return
        if left <= 0:
            raise Refused(45009, "reach max api daily quota limit")
        self._left[endpoint] = (day, left - 1)

    def left(self) -> dict[str, int]:
        return {endpoint: left for endpoint, (day, left) in self._left.items() if day == self._day()}

    def _spend_minute(self, endpoint: str, who: str) -> None:
        if endpoint not in self.per_minute:
            return
        minute = int(self._now() // 60)
        if minute != self._minute:
            self._minute = minute
            self._calls.clear()
        self._calls[endpoint, who] += 1
        most, code = self.per_minute[endpoint]
        if self._calls[endpoint, who] > most:
            raise Refused(code, "api minute-quota reach limit")

    def _day(self) -> int:
        return int((self._now() + BEIJING) // 86400)
