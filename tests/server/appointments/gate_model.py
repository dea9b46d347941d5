"""The gate's scripts in plain Python over integer time: the twin that the Lua must equal, with removable guards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from server.appointments.slots import CLOSED, DOUBT, FULL, SHUT, UNKNOWN, Answer, Held, Mine, choose

GUARDS = frozenset({"told_held", "told_refused", "young", "whole_mine"})


class Gate(Protocol):
    """What the tests ask of a gate: the model, or the Lua on a real server with a frozen clock."""

    def take(self, slot: str, token: str, people: int) -> Answer: ...
    def fill(self, slot: str, capacity: int, rows: Sequence[tuple[int, str]]) -> None: ...
    def release(self, slot: str, token: str, *, places: Sequence[int] = (), stale: bool = False) -> None: ...
    def drop(self, slot: str) -> None: ...
    def count(self, slots: Sequence[str]) -> list[int | None]: ...
    def flush(self) -> None: ...
    def advance(self, time: int) -> None: ...


@dataclass
class View:
    """One slot's hash. `entries`: place -> (until, token), until 0 for a row of the table."""

    fresh: int
    young: int
    capacity: int
    entries: dict[int, tuple[int, str]] = field(default_factory=dict)


@dataclass
class GateModel:
    """Times as in slots.py, in any unit; `guards` names the lines of the protocol that are in force."""

    view: int
    hold: int
    day: int
    now: int = 0
    views: dict[str, View] = field(default_factory=dict)
    told: dict[str, tuple[str, int]] = field(default_factory=dict)
    guards: frozenset[str] = GUARDS

    def take(self, slot: str, token: str, people: int) -> Answer:
        view = self.views.get(slot)
        if view is None or not self._ahead(view.fresh):
            return UNKNOWN
        mine = [p for p in sorted(view.entries) if view.entries[p][1] == token and self._is_living(view.entries[p])]
        if len(mine) == people or (mine and "whole_mine" not in self.guards):
            self._tell(token, "held", self.day)
            return Mine(tuple(mine))
        places = choose(self._free(view), people)
        word = self._told(token)
        if not places or (word == "refused" and "told_refused" in self.guards):
            return self._refuse(view, token, word, partly=bool(mine))
        self._tell(token, "held", self.day)
        view.entries |= dict.fromkeys(places, (self.now + self.hold, token))
        return Held(places)

    def take_together(self, slot: str, asked: Sequence[tuple[str, int]]) -> list[Answer]:
        """As if they had come one after the other."""
        return [self.take(slot, token, people) for token, people in asked]

    def fill(self, slot: str, capacity: int, rows: Iterable[tuple[int, str]]) -> None:
        old = self.views.get(slot) or View(0, self.now + self.hold, 0)
        kept = {p: e for p, e in old.entries.items() if p <= capacity and self._ahead(e[0])}
        self.views[slot] = View(
            self.now + self.view, old.young, capacity, kept | {place: (0, token) for place, token in rows}
        )

    def release(self, slot: str, token: str, *, places: Sequence[int] = (), stale: bool = False) -> None:
        view = self.views.get(slot)
        if view is None:
            return
        for place in places or [p for p, (until, _) in view.entries.items() if until]:
            if view.entries.get(place, (0, ""))[1] == token:
                del view.entries[place]
        if stale:
            self.drop(slot)

    def drop(self, slot: str) -> None:
        if slot in self.views:
            self.views[slot].fresh = 0

    def count(self, slots: Sequence[str]) -> list[int | None]:
        views = [self.views.get(slot) for slot in slots]
        return [self._count(view) if view and self._ahead(view.fresh) else None for view in views]

    def _count(self, view: View) -> int:
        return len(self._free(view)) if view.capacity else CLOSED

    def flush(self) -> None:
        self.views.clear()
        self.told.clear()

    def advance(self, time: int) -> None:
        self.now += time

    def _refuse(self, view: View, token: str, word: str | None, *, partly: bool) -> Answer:
        is_young = self.now < view.young and "young" in self.guards
        if partly or is_young or (word == "held" and "told_held" in self.guards):
            return DOUBT
        self._tell(token, "refused", 10 * self.hold)
        return FULL if view.capacity else SHUT

    def _tell(self, token: str, word: str, time: int) -> None:
        self.told[token] = (word, self.now + time)

    def _told(self, token: str) -> str | None:
        word, until = self.told.get(token, (None, 0))
        return word if until > self.now else None

    def _free(self, view: View) -> list[int]:
        return [p for p in range(1, view.capacity + 1) if not self._is_living(view.entries.get(p))]

    def _is_living(self, entry: tuple[int, str] | None) -> bool:
        return entry is not None and (entry[0] == 0 or self._ahead(entry[0]))

    def _ahead(self, deadline: int) -> bool:
        """Not yet reached; one too far away was written before Redis's clock stepped back and is not believed."""
        return self.now < deadline <= self.now + 2 * self.hold
