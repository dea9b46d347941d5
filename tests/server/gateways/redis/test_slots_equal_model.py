"""The Lua scripts equal their Python twin: in any state of the memory, and in every order of the protocol's steps."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from server.appointments.slots import Answer
from tests.engines.servers import RedisServer
from tests.server.appointments.booking_machine import BookingMachine
from tests.server.appointments.booking_model import DAY, HOLD, VIEW
from tests.server.appointments.gate_model import Gate, GateModel, View
from tests.server.gateways.redis.frozen import BEGINNING, FrozenGate, memory_of

TOKENS = st.sampled_from(["a", "b", "c"])
SLOTS = st.sampled_from(["x", "y"])
PLACES = st.integers(1, 14)
# Passed, now, ahead, and further ahead than any script could have written: the clock stepped back.
TIMES = st.integers(-3 * HOLD, 4 * HOLD).map(lambda time: BEGINNING + time)

entries = st.dictionaries(PLACES, st.tuples(st.just(0) | TIMES, TOKENS), max_size=14)
fresh = st.just(0) | TIMES | st.integers(1, VIEW).map(lambda time: BEGINNING + time)
views = st.builds(View, fresh=fresh, young=TIMES, capacity=st.sampled_from([0, 1, 2, 3, 12]), entries=entries)
told = st.tuples(st.sampled_from(["held", "refused"]), st.integers(1, 10 * HOLD).map(lambda time: BEGINNING + time))
memories = st.builds(
    GateModel,
    view=st.just(VIEW),
    hold=st.just(HOLD),
    day=st.just(DAY),
    now=st.just(BEGINNING),
    views=st.dictionaries(SLOTS, views, max_size=2),
    told=st.dictionaries(TOKENS, told, max_size=3),
)
rows = st.dictionaries(PLACES, TOKENS, max_size=14).map(lambda taken: tuple(taken.items()))
Drawn = st.SearchStrategy[Any]
Operation = tuple[str, tuple[Any, ...], dict[str, Any]]


def _asked(
    name: str, *arguments: st.SearchStrategy[Any], **hints: st.SearchStrategy[Any]
) -> st.SearchStrategy[Operation]:
    return st.tuples(st.just(name), st.tuples(*arguments), st.fixed_dictionaries(hints))


people = st.integers(1, 4)
takes = _asked("take", SLOTS, TOKENS, people)
crowds = _asked("take_together", SLOTS, st.lists(st.tuples(TOKENS, people), min_size=2, max_size=5))
fills = _asked("fill", SLOTS, st.sampled_from([0, 1, 3, 12]), rows)
releases = _asked("release", SLOTS, TOKENS, places=st.lists(PLACES, max_size=4, unique=True), stale=st.booleans())
counts = _asked("count", st.just(("x", "y")))
waits = _asked("advance", st.integers(1, 2 * HOLD))
operations = st.lists(
    takes | crowds | fills | releases | _asked("drop", SLOTS) | counts | waits, min_size=1, max_size=8
)


class Pair:
    """Asks the Lua and the model alike, and insists on the same answer and the same memory."""

    def __init__(self, lua: FrozenGate, model: GateModel) -> None:
        self._lua, self._model = lua, model
        lua.load(model)

    def ask(self, name: str, *arguments: Any, **hints: Any) -> Any:
        answer = getattr(self._lua, name)(*arguments, **hints)
        assert answer == getattr(self._model, name)(*arguments, **hints)
        assert self._lua.memory() == memory_of(self._model)
        return answer

    def take(self, slot: str, token: str, people: int) -> Answer:
        answer: Answer = self.ask("take", slot, token, people)
        return answer

    def fill(self, slot: str, capacity: int, rows: Sequence[tuple[int, str]]) -> None:
        self.ask("fill", slot, capacity, rows)

    def release(self, slot: str, token: str, *, places: Sequence[int] = (), stale: bool = False) -> None:
        self.ask("release", slot, token, places=places, stale=stale)

    def drop(self, slot: str) -> None:
        self.ask("drop", slot)

    def count(self, slots: Sequence[str]) -> list[int | None]:
        counts: list[int | None] = self.ask("count", slots)
        return counts

    def flush(self) -> None:
        self.ask("flush")

    def advance(self, time: int) -> None:
        self.ask("advance", time)


@pytest.fixture
def lua(own_server: RedisServer) -> Iterator[FrozenGate]:
    gate = FrozenGate(own_server.url)
    yield gate
    gate.close()


def test_any_memory_and_any_operations(lua: FrozenGate) -> None:
    @settings(max_examples=600, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(memory=memories, asked=operations)
    def compare(memory: GateModel, asked: list[Operation]) -> None:
        pair = Pair(lua, deepcopy(memory))
        for name, arguments, hints in asked:
            pair.ask(name, *arguments, **hints)

    compare()


def test_the_machine_of_the_protocol_runs_on_the_lua(lua: FrozenGate) -> None:
    class OnLua(BookingMachine):
        def new_gate(self) -> Gate:
            return Pair(lua, GateModel(VIEW, HOLD, DAY, now=BEGINNING))

    run_state_machine_as_test(
        OnLua, settings=settings(max_examples=60, stateful_step_count=50, deadline=None, derandomize=True)
    )
