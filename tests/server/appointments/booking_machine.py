"""Every order of the protocol's steps, as Hypothesis draws them, over a world with any gate."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.server.appointments.booking_model import DAY, HOLD, VIEW, Asking, World
from tests.server.appointments.gate_model import Gate, GateModel

TOKENS = ("a", "b", "c")
MOST_IN_FLIGHT = 5


class BookingMachine(RuleBasedStateMachine):
    """Two or three parties with twins for one slot of one to three places; any of them may stop anywhere."""

    world: World

    def new_gate(self) -> Gate:
        return GateModel(VIEW, HOLD, DAY, now=1000)

    @initialize(capacity=st.integers(1, 3), data=st.data())
    def open_the_slot(self, capacity: int, data: st.DataObject) -> None:
        self.people = {token: data.draw(st.integers(1, capacity), label=token) for token in TOKENS}
        self.world = World(self.new_gate(), capacity=capacity, now=1000)

    def _request(self, data: st.DataObject) -> Asking:
        return self.world.requests[data.draw(st.integers(0, len(self.world.requests) - 1), label="request")]

    @precondition(lambda self: len(self.world.requests) < MOST_IN_FLIGHT)
    @rule(token=st.sampled_from(TOKENS))
    def send(self, token: str) -> None:
        """A first try, a twin or a retry."""
        self.world.send(token, self.people[token])

    @precondition(lambda self: self.world.requests)
    @rule(data=st.data(), steps=st.integers(1, 4))
    def step(self, data: st.DataObject, steps: int) -> None:
        request = self._request(data)
        for _ in range(steps):
            if request in self.world.requests:
                self.world.step(request)

    @precondition(lambda self: self.world.requests)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        self.world.die(self._request(data))

    @precondition(lambda self: self.world.keys)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.world.cancel(data.draw(st.sampled_from([token for token, _ in self.world.keys])))

    @precondition(lambda self: self.world.releases)
    @rule(is_lost=st.booleans())
    def tell_cancelled(self, is_lost: bool) -> None:
        self.world.tell_cancelled(is_lost=is_lost)

    @rule(time=st.integers(1, HOLD + VIEW))
    def wait(self, time: int) -> None:
        self.world.advance(time)

    @rule()
    def flush(self) -> None:
        self.world.flush()

    @invariant()
    def nobody_was_told_what_is_not_so(self) -> None:
        if hasattr(self, "world"):
            assert self.world.violations() == set()

    def teardown(self) -> None:
        """I7: one hold time after the last fault the gate counts what the table counts."""
        if hasattr(self, "world"):
            self.world.settle()
            assert not self.world.gate_differs()
