"""A world of requests for one slot, cut into the steps of the protocol, for every order of them to be tried."""

from dataclasses import dataclass, field
from enum import Enum, auto

from server.appointments.slots import DOUBT, FULL, SHUT, UNKNOWN, Taken
from tests.server.appointments.gate_model import Gate

# Small integers in the proportions of the protocol: a load 1 s, a view and a transaction 5 s, a hold 15 s.
LOAD, VIEW, TRANSACTION, HOLD, DAY = 1, 2, 2, 6, 10_000
TRIES = 3
SLOT = "slot"

TABLE_GUARDS = frozenset({"unique_place", "request_key"})


class Stage(Enum):
    """Where a request stands: what its next step will do."""

    ASK = auto()
    LOAD = auto()
    FILL = auto()
    SETTLE = auto()  # insert the request key as refused
    CHECK = auto()  # everything of the transaction but COMMIT, ending with the look at the time
    COMMIT = auto()
    UNDO = auto()  # after ROLLBACK: release, then ask again or give up
    KNOWN = auto()  # the key is there: release, then answer what it says
    ANSWER = auto()
    OVER = auto()


@dataclass
class Asking:
    """One request in flight. `stale` and `again` say what UNDO does."""

    token: str
    people: int
    stage: Stage = Stage.ASK
    places: tuple[int, ...] = ()
    taken_at: int = 0
    taken_epoch: int = 0
    snapshot: tuple[tuple[int, str], ...] = ()
    loaded_at: int = 0
    tries: int = 0
    stale: bool = False
    again: bool = False


@dataclass
class Booked:
    """What the table says of one key: committed places, or none for a refused key."""

    places: tuple[int, ...]
    people: int
    epoch: int = 0  # of the commit
    late_since: int | None = None  # epoch of its `take`, when the commit came too late for the views to show it in time
    is_cancelled: bool = False


@dataclass
class World:
    """The table (`rows`, `keys`), the gate, the requests in flight, and what their clients have heard."""

    gate: Gate
    capacity: int = 1
    guards: frozenset[str] = TABLE_GUARDS
    now: int = 0
    epoch: int = 0  # how often the gate lost its memory
    rows: list[tuple[int, str]] = field(default_factory=list)
    keys: list[tuple[str, Booked]] = field(default_factory=list)
    requests: list[Asking] = field(default_factory=list)
    releases: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)  # cancelled, not yet told to the gate
    accepted: set[str] = field(default_factory=set)
    refused: dict[str, tuple[int, int, bool]] = field(default_factory=dict)  # token -> time, epoch, by the gate alone

    # what may happen

    def send(self, token: str, people: int = 1) -> Asking:
        request = Asking(token, people)
        self.requests.append(request)
        return request

    def step(self, request: Asking) -> None:
        getattr(self, f"_{request.stage.name.lower()}")(request)
        self.requests = [r for r in self.requests if r.stage is not Stage.OVER]

    def die(self, request: Asking) -> None:
        """The process is killed: what it has done stays, nobody hears of it."""
        request.stage = Stage.OVER
        self.requests = [r for r in self.requests if r.stage is not Stage.OVER]

    def cancel(self, token: str) -> None:
        """The owner cancels and the places are free in the table; the gate hears of it later, or never."""
        booking = self.find(token)
        if booking and booking.places and not booking.is_cancelled:
            booking.is_cancelled = True
            self.rows = [row for row in self.rows if row[1] != token]
            self.releases.append((token, booking.places))

    def tell_cancelled(self, *, is_lost: bool = False) -> None:
        token, places = self.releases.pop(0)
        if not is_lost:
            self.gate.release(SLOT, token, places=places)

    def flush(self) -> None:
        self.epoch += 1
        self.gate.flush()

    def advance(self, time: int) -> None:
        self.now += time
        self.gate.advance(time)

    def run(self, request: Asking, until: Stage = Stage.OVER) -> None:
        for _ in range(40):
            if request.stage is until:
                return
            self.step(request)
        raise AssertionError(f"{request} never reached {until}")

    def settle(self) -> None:
        """After the last fault: everyone in flight ends, one hold time passes, the slot is asked once more."""
        for request in list(self.requests):
            self.die(request)
        self.advance(HOLD)
        self.gate.fill(SLOT, self.capacity, tuple(self.rows))

    # the steps

    def _ask(self, request: Asking) -> None:
        request.tries += 1
        request.taken_at, request.taken_epoch = self.now, self.epoch
        answer = self.gate.take(SLOT, request.token, request.people)
        if isinstance(answer, Taken):
            request.places, request.stage = answer.places, Stage.CHECK
        elif answer in (FULL, SHUT):
            self._refuse(request, by_gate=True)
        else:
            request.stage = {DOUBT: Stage.SETTLE, UNKNOWN: Stage.LOAD}[answer]
            if answer is UNKNOWN and request.tries > 2 * TRIES:
                request.stage = Stage.OVER  # 503: the client knows nothing

    def _load(self, request: Asking) -> None:
        request.snapshot, request.loaded_at, request.stage = tuple(self.rows), self.now, Stage.FILL

    def _fill(self, request: Asking) -> None:
        if self.now - request.loaded_at > LOAD:
            request.stage = Stage.LOAD
            return
        self.gate.fill(SLOT, self.capacity, request.snapshot)
        request.stage = Stage.ASK

    def _settle(self, request: Asking) -> None:
        if self.find(request.token):
            request.stage = Stage.KNOWN
            return
        self.keys.append((request.token, Booked((), request.people)))
        self._refuse(request, by_gate=False)

    def _check(self, request: Asking) -> None:
        is_late = self.now - request.taken_at > TRANSACTION
        request.stage = Stage.UNDO if is_late else Stage.COMMIT
        request.stale = request.again = False

    def _commit(self, request: Asking) -> None:
        taken = {place for place, _ in self.rows}
        if "request_key" in self.guards and self.find(request.token):
            request.stage = Stage.KNOWN
        elif "unique_place" in self.guards and taken & set(request.places):
            request.stage, request.stale, request.again = Stage.UNDO, True, request.tries < TRIES
        else:
            self._write(request)

    def _write(self, request: Asking) -> None:
        self._forget_old_refusal(request)
        self.rows += [(place, request.token) for place in request.places]
        is_late = self.now - request.taken_at > HOLD - VIEW - LOAD
        late_since = request.taken_epoch if is_late else None
        self.keys.append((request.token, Booked(request.places, request.people, self.epoch, late_since)))
        request.stage = Stage.ANSWER

    def _undo(self, request: Asking) -> None:
        self.gate.release(SLOT, request.token, stale=request.stale)
        request.stage = Stage.ASK if request.again else Stage.OVER

    def _known(self, request: Asking) -> None:
        self.gate.release(SLOT, request.token, stale=True)
        booking = self.find(request.token)
        if booking and booking.places:
            request.stage = Stage.ANSWER
        else:
            self._refuse(request, by_gate=False)

    def _answer(self, request: Asking) -> None:
        self.accepted.add(request.token)
        request.stage = Stage.OVER

    def _refuse(self, request: Asking, *, by_gate: bool) -> None:
        self.refused[request.token] = (self.now, self.epoch, by_gate)
        request.stage = Stage.OVER

    def _forget_old_refusal(self, request: Asking) -> None:
        """No request lives as long as a refusal sticks: after that, the same key is honestly a new question."""
        at = self.refused.get(request.token, (request.taken_at, 0, False))[0]
        if request.taken_at - at >= 10 * HOLD:
            del self.refused[request.token]

    # what must hold

    def find(self, token: str) -> Booked | None:
        return next((booking for key, booking in self.keys if key == token), None)

    def violations(self) -> set[str]:
        """The names of the invariants of the failure matrix that do not hold now."""
        checks = {"I1": self._oversold, "I2": self._lost, "I3": self._refused_but_booked, "I4": self._partial}
        return {name for name, is_broken in (checks | {"I5": self._booked_twice}).items() if is_broken()}

    def gate_differs(self) -> bool:
        """I7, asked after `settle`."""
        return self.gate.count([SLOT]) != [self.capacity - len(self.rows)]

    def _oversold(self) -> bool:
        places = [place for place, _ in self.rows]
        return len(set(places)) < len(places) or not set(places) <= set(range(1, self.capacity + 1))

    def _live(self) -> list[tuple[str, Booked]]:
        return [(token, booking) for token, booking in self.keys if booking.places and not booking.is_cancelled]

    def _lost(self) -> bool:
        return any(not self._stands(self.find(token), token) for token in self.accepted)

    def _stands(self, booking: Booked | None, token: str) -> bool:
        return booking is not None and (booking.is_cancelled or {(p, token) for p in booking.places} <= set(self.rows))

    def _partial(self) -> bool:
        return any(len(booking.places) != booking.people for _, booking in self._live())

    def _booked_twice(self) -> bool:
        tokens = [token for token, _ in self._live()]
        return len(set(tokens)) < len(tokens)

    def _refused_but_booked(self) -> bool:
        return any(self._contradicts(token, booking) for token, booking in self._live() if token in self.refused)

    def _contradicts(self, token: str, booking: Booked) -> bool:
        """Two known exceptions, both with a gate that lost its memory in between: the gate alone refused, and a twin
        asked after the loss; or a COMMIT took longer than a hold less a view."""
        _, epoch, by_gate = self.refused[token]
        was_forgotten = epoch < booking.epoch
        was_late = booking.late_since is not None and booking.late_since < epoch
        return not (by_gate and (was_forgotten or was_late))
