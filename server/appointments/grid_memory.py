"""What this process saw of each desk's grid: believed for a second, and only until somebody is heard to change it."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from server import clock
from server.appointments.grid import free_places
from server.appointments.places import offered_days, slots_of
from server.appointments.slots import Slot, SlotCounter
from server.together import Together

BELIEVED_SECONDS = 1.0
_MOST_BODIES = 100  # answers kept with one look: business x people


@dataclass(frozen=True)
class Seen:
    """One look at a desk: the free places (CLOSED on a closed day) of every slot offered from `today` on, in order.

    `bodies` keeps answers made of it; they are gone with it.
    """

    today: date
    free: Mapping[Slot, int]
    until: float
    bodies: dict[str, bytes] = field(default_factory=dict)

    def keep(self, question: str, body: bytes) -> None:
        if len(self.bodies) < _MOST_BODIES:
            self.bodies[question] = body


class GridMemory:
    """The grid is advice, the take decides: so it may be a second old, but never older than one's own change.

    Whoever looks at the same time looks together. While the gate is suspect nothing is kept: changes made without
    Redis make no news.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, Seen] = {}
        self._changes: Counter[str] = Counter()
        self._looks: dict[str, Together[SlotCounter, Seen]] = {}

    async def look(self, desk: str, *, gate: SlotCounter) -> Seen:
        if seen := self._believed(desk):
            return seen
        looks = self._looks.setdefault(desk, Together(partial(self._look, desk)))
        return await looks(gate)

    def recall(self, question: str) -> bytes | None:
        """The answer kept for a question, if the look it was made of is still believed."""
        for desk, seen in self._seen.items():
            if (body := seen.bodies.get(question)) and self._believed(desk):
                return body
        return None

    def forget(self, desk: str) -> None:
        """Somebody changed something there."""
        self._changes[desk] += 1
        self._seen.pop(desk, None)

    def forget_all(self) -> None:
        """News may have been missed."""
        for desk in self._looks:
            self.forget(desk)

    def _believed(self, desk: str) -> Seen | None:
        seen = self._seen.get(desk)
        return seen if seen and self._clock() < seen.until and seen.today == clock.today() else None

    async def _look(self, desk: str, gates: Sequence[SlotCounter]) -> list[Seen]:
        """One look for everyone who asked since the last one began."""
        changes, gate, today = self._changes[desk], gates[0], clock.today()
        slots = slots_of(desk, offered_days(today))
        free = dict(zip(slots, await free_places(slots, gate=gate), strict=True))
        seen = Seen(today, free, self._clock() + BELIEVED_SECONDS)
        if changes == self._changes[desk] and not gate.is_suspect():
            self._seen[desk] = seen
        return [seen] * len(gates)
