"""Places held for one transaction, behind a gate that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from server.appointments import hold
from server.appointments.closing import DayOrder, set_day
from server.appointments.hold import CommitUnknown, Doubt, KeyKnown, PlaceTaken, load, release, with_held
from server.appointments.places import Rows, closed_rows, read_slot
from server.appointments.refusals import DayClosed, SlotFull
from server.appointments.slots import DOUBT, FULL, SHUT, UNKNOWN, Answer, GateDown, Held, Mine, Slot
from tests.engines.engine import Engine
from tests.world import World, own_desk

TOKEN = "t" * 32


class FakeGate:
    """Answers each take with the next of `answers`, the last one for ever, and writes down all it is told."""

    def __init__(self, *answers: Answer | type[GateDown], suspect: bool = False, deaf: bool = False) -> None:
        self._answers = list(answers)
        self._suspect = suspect
        self._deaf = deaf
        self.takes: list[tuple[Slot, str, int]] = []
        self.fills: list[tuple[Slot, int, Rows]] = []
        self.releases: list[tuple[Slot, str, bool]] = []
        self.named: list[Sequence[int]] = []
        self.filled = asyncio.Event()
        self.answering = asyncio.Event()
        self.answering.set()

    async def take(self, slot: Slot, token: str, people: int) -> Answer:
        self.takes.append((slot, token, people))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, type):
            raise answer
        return answer

    async def fill(self, slot: Slot, capacity: int, rows: Sequence[tuple[int, str]]) -> None:
        self.fills.append((slot, capacity, list(rows)))
        self.filled.set()
        await self.answering.wait()

    async def release(self, slot: Slot, token: str, *, places: Sequence[int] = (), stale: bool = False) -> None:
        self.releases.append((slot, token, stale))
        self.named.append(places)
        if self._deaf:
            raise GateDown

    async def drop(self, slot: Slot) -> None: ...

    async def count(self, slots: Sequence[Slot]) -> list[int | None]:
        return [None] * len(slots)

    def is_suspect(self) -> bool:
        return self._suspect


@pytest.fixture
async def slot(database: Engine) -> AsyncIterator[Slot]:
    with own_desk() as desk:
        yield World(desk, FakeGate(FULL)).slot()


async def held(slot: Slot, gate: FakeGate, people: int = 2) -> tuple[int, ...]:
    async def record(places: tuple[int, ...]) -> tuple[int, ...]:
        return places

    return await with_held(slot, TOKEN, people, record, gate=gate)


async def broken(slot: Slot, gate: FakeGate, fault: type[BaseException]) -> None:
    async def record(_: tuple[int, ...]) -> None:
        raise fault

    await with_held(slot, TOKEN, 2, record, gate=gate)


@pytest.mark.parametrize("answer", [Held((3, 4)), Mine((3, 4))], ids=["held", "held before"])
async def test_the_gate_s_places_are_the_ones_to_insert(slot: Slot, answer: Answer) -> None:
    gate = FakeGate(answer)

    assert await held(slot, gate) == (3, 4)
    assert gate.takes == [(slot, TOKEN, 2)]
    assert gate.releases == []


@pytest.mark.parametrize(("answer", "refusal"), [(FULL, SlotFull), (SHUT, DayClosed), (DOUBT, Doubt)])
async def test_a_proof_refuses_and_a_doubt_does_not(slot: Slot, answer: Answer, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await held(slot, FakeGate(answer))


@pytest.mark.parametrize("answer", [FULL, SHUT, DOUBT])
async def test_after_a_fault_of_redis_no_refusal_is_a_proof(slot: Slot, answer: Answer) -> None:
    with pytest.raises(Doubt) as doubt:
        await held(slot, FakeGate(answer, suspect=True))

    assert doubt.value.shut is None


async def test_an_unknown_view_is_filled_from_the_table_and_asked_again(slot: Slot) -> None:
    (row,) = closed_rows(slot, [5])
    await row.save(force_create=True)
    gate = FakeGate(UNKNOWN, Held((1, 2)))

    assert await held(slot, gate) == (1, 2)
    assert gate.fills == [(slot, 12, [(5, "closed")])]
    assert len(gate.takes) == 2


async def test_a_view_that_is_never_believed_is_done_without(slot: Slot) -> None:
    (row,) = closed_rows(slot, [2])
    await row.save(force_create=True)
    gate = FakeGate(UNKNOWN)

    assert await held(slot, gate) == (3, 4)
    assert len(gate.takes) == len(gate.fills) == 3


async def test_without_redis_an_empty_slot_is_filled_from_its_first_place(slot: Slot) -> None:
    assert await held(slot, FakeGate(GateDown)) == (1, 2)


async def test_without_redis_a_closed_day_is_a_doubt_of_a_closed_one(slot: Slot) -> None:
    gate = FakeGate(GateDown)
    await set_day(DayOrder(slot.desk, slot.on, True), await World(slot.desk, gate).clerk(), gate=gate)

    with pytest.raises(Doubt) as doubt:
        await held(slot, gate)

    assert doubt.value.shut is True


async def test_without_redis_the_table_chooses(slot: Slot) -> None:
    for row in closed_rows(slot, [1, 3]):
        await row.save(force_create=True)

    assert await held(slot, FakeGate(GateDown), people=3) == (4, 5, 6)
    assert await held(slot, FakeGate(GateDown), people=1) == (2,)


async def test_without_redis_too_few_places_are_a_doubt_of_a_full_slot(slot: Slot) -> None:
    for row in closed_rows(slot, range(1, 12)):
        await row.save(force_create=True)

    assert await held(slot, FakeGate(GateDown), people=1) == (12,)
    with pytest.raises(Doubt) as doubt:
        await held(slot, FakeGate(GateDown))
    assert doubt.value.shut is False


async def test_without_redis_a_place_that_another_process_sold_is_followed_by_the_next(slot: Slot) -> None:
    """However often the other is faster: nobody is sent away while the table has a place (slots protocol)."""

    async def outrun(places: tuple[int, ...]) -> tuple[int, ...]:
        if places == (12,):
            return places
        for row in closed_rows(slot, places):  # what the other process committed meanwhile
            await row.save(force_create=True)
        raise PlaceTaken

    assert await with_held(slot, TOKEN, 1, outrun, gate=FakeGate(GateDown)) == (12,)


async def test_without_redis_all_who_wait_hear_from_one_look_that_the_slot_is_full(
    slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Slot] = []

    async def look(of: Slot) -> tuple[int, Rows]:
        looks.append(of)
        return await read_slot(of)

    async def sell(places: tuple[int, ...]) -> tuple[int, ...]:
        for row in closed_rows(slot, places):
            await row.save(force_create=True)
        return places

    monkeypatch.setattr(hold, "read_slot", look)
    for row in closed_rows(slot, range(1, 12)):
        await row.save(force_create=True)
    gate = FakeGate(GateDown)

    told = await asyncio.gather(
        *(with_held(slot, TOKEN, 1, sell, gate=gate) for _ in range(10)), return_exceptions=True
    )

    assert told[0] == (12,)
    assert {type(answer) for answer in told[1:]} == {Doubt}
    assert len(looks) == 3  # of all at once, of him whose turn it was, of the next


async def test_without_redis_whoever_comes_later_is_looked_for_anew(slot: Slot) -> None:
    for row in (closed := closed_rows(slot, range(2, 13))):
        await row.save(force_create=True)
    gate, began, may_end = FakeGate(GateDown), asyncio.Event(), asyncio.Event()

    async def take_long(places: tuple[int, ...]) -> tuple[int, ...]:
        began.set()
        await may_end.wait()
        return places

    slow = asyncio.create_task(with_held(slot, TOKEN, 1, take_long, gate=gate))
    await began.wait()
    with pytest.raises(Doubt):
        await held(slot, gate)
    await closed[0].delete()
    later = asyncio.create_task(held(slot, gate))
    may_end.set()

    assert (await slow, await later) == ((1,), (1, 2))


async def test_without_redis_no_attempt_begins_too_late(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold, "NEW_ATTEMPT_SECONDS", -1.0)

    with pytest.raises(PlaceTaken):
        await broken(slot, FakeGate(GateDown), PlaceTaken)


@pytest.mark.parametrize(
    ("fault", "stale"),
    [(PlaceTaken, True), (KeyKnown, True), (ValueError, False), (asyncio.CancelledError, False)],
)
async def test_what_the_transaction_did_not_use_is_given_back(
    slot: Slot, fault: type[BaseException], stale: bool
) -> None:
    gate = FakeGate(Held((1, 2)))

    with pytest.raises(fault):
        await broken(slot, gate, fault)

    assert gate.releases == [(slot, TOKEN, stale)]


async def test_after_an_unknown_commit_nothing_is_given_back_for_the_rows_may_stand(slot: Slot) -> None:
    gate = FakeGate(Held((1, 2)))

    with pytest.raises(CommitUnknown):
        await broken(slot, gate, CommitUnknown)

    assert gate.releases == []


async def test_a_gate_that_cannot_hear_changes_no_answer(slot: Slot) -> None:
    with pytest.raises(PlaceTaken):
        await broken(slot, FakeGate(Held((1, 2)), deaf=True), PlaceTaken)


async def test_the_places_of_rows_that_are_gone_are_given_back_by_name(slot: Slot) -> None:
    gate = FakeGate(FULL)

    await release(gate, slot, TOKEN, places=(3, 4))

    assert (gate.releases, gate.named) == ([(slot, TOKEN, False)], [(3, 4)])


async def test_whoever_waited_for_a_load_does_not_load_again(slot: Slot) -> None:
    gate = FakeGate(UNKNOWN)
    gate.answering.clear()
    loads = [asyncio.create_task(load(slot, gate)) for _ in range(5)]
    await gate.filled.wait()

    gate.answering.set()
    await asyncio.gather(*loads)

    assert len(gate.fills) == 1


async def test_the_load_of_another_slot_waits_for_nobody(slot: Slot) -> None:
    slow, quick = FakeGate(UNKNOWN), FakeGate(UNKNOWN)
    slow.answering.clear()
    loading = asyncio.create_task(load(slot, slow))
    await slow.filled.wait()

    other = slot._replace(start="09:00")
    await load(other, quick)

    assert [filled for filled, _, _ in quick.fills] == [other]
    slow.answering.set()
    await loading


async def test_the_next_load_is_a_new_one(slot: Slot) -> None:
    gate = FakeGate(UNKNOWN)

    await load(slot, gate)
    await load(slot, gate)

    assert len(gate.fills) == 2
