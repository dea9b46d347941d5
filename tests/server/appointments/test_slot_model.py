"""The slot protocol holds in every order of its steps, and breaks as soon as one of its guards is taken away."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from server.appointments.slots import DOUBT, FULL, Held, Mine
from tests.server.appointments.booking_machine import BookingMachine
from tests.server.appointments.booking_model import DAY, HOLD, SLOT, TABLE_GUARDS, TRANSACTION, VIEW, Stage, World
from tests.server.appointments.gate_model import GUARDS, GateModel


def a_world(*, capacity: int = 1, without: str = "") -> World:
    gate = GateModel(VIEW, HOLD, DAY, now=1000, guards=GUARDS - {without})
    return World(gate, capacity=capacity, now=1000, guards=TABLE_GUARDS - {without})


def see_the_slot(world: World) -> None:
    """What the worker does once a minute: the view is old enough for a FULL to be proof."""
    world.gate.fill(SLOT, world.capacity, tuple(world.rows))
    world.advance(HOLD)
    world.gate.fill(SLOT, world.capacity, tuple(world.rows))


def reload_view(world: World) -> None:
    world.gate.fill(SLOT, world.capacity, tuple(world.rows))


def test_no_order_of_steps_breaks_an_invariant() -> None:
    run_state_machine_as_test(
        BookingMachine, settings=settings(max_examples=200, stateful_step_count=50, deadline=None, derandomize=True)
    )


# Each guard: one story in which it is needed, told with it and without it.


def a_stale_view_offers_a_taken_place(world: World) -> None:
    see_the_slot(world)
    late = world.send("a")
    world.run(late, until=Stage.COMMIT)
    world.advance(HOLD)  # the process sleeps in its COMMIT, its hold lapses, nobody sees a row
    reload_view(world)
    other = world.send("b")
    world.run(other, until=Stage.COMMIT)

    world.step(late)
    world.step(other)


def a_twin_books_other_places(world: World) -> None:
    see_the_slot(world)
    first = world.send("a")
    world.run(first, until=Stage.COMMIT)
    world.flush()
    see_the_slot(world)
    rival = world.send("b")
    world.run(rival, until=Stage.CHECK)  # has place 1 by now
    twin = world.send("a")
    world.run(twin, until=Stage.COMMIT)

    world.step(first)
    world.step(twin)


def a_lapsed_hold_hides_a_booking(world: World) -> None:
    see_the_slot(world)
    sleeper = world.send("a")
    world.run(sleeper, until=Stage.COMMIT)
    world.advance(HOLD)
    reload_view(world)
    world.step(sleeper)  # committed now, the view just made does not know
    world.run(world.send("b"), until=Stage.CHECK)

    world.run(world.send("a"))


def a_place_is_freed_between_twins(world: World) -> None:
    see_the_slot(world)
    holder = world.send("b")
    world.run(holder, until=Stage.CHECK)
    twins = world.send("a"), world.send("a")
    world.step(twins[0])  # refused
    world.advance(TRANSACTION + 1)
    world.run(holder)  # too late: rolls back and releases
    reload_view(world)

    world.run(twins[1])


def a_flush_hides_a_commit(world: World) -> None:
    see_the_slot(world)
    booked = world.send("a")
    world.run(booked, until=Stage.COMMIT)
    world.flush()
    reload_view(world)  # its SELECT ran just before the COMMIT
    world.step(booked)
    world.die(booked)  # and the reply was lost
    world.run(world.send("b"), until=Stage.CHECK)

    world.run(world.send("a"))


def a_retry_finds_some_of_its_places(world: World) -> None:
    see_the_slot(world)
    first = world.send("a", people=2)
    world.run(first, until=Stage.CHECK)
    world.die(first)
    world.rows.append((2, "closed"))  # by staff, and the view did not know
    reload_view(world)

    world.run(world.send("a", people=2))


STORIES = {
    "unique_place": (a_stale_view_offers_a_taken_place, 1, "I1"),
    "request_key": (a_twin_books_other_places, 2, "I5"),
    "told_held": (a_lapsed_hold_hides_a_booking, 1, "I3"),
    "told_refused": (a_place_is_freed_between_twins, 1, "I3"),
    "young": (a_flush_hides_a_commit, 1, "I3"),
    "whole_mine": (a_retry_finds_some_of_its_places, 2, "I4"),
}


@pytest.mark.parametrize("guard", STORIES)
def test_the_guard_is_what_holds_the_invariant(guard: str) -> None:
    story, capacity, broken = STORIES[guard]
    guarded, bare = a_world(capacity=capacity), a_world(capacity=capacity, without=guard)

    story(guarded)
    story(bare)

    assert guarded.violations() == set()
    assert broken in bare.violations()


def test_there_is_a_story_for_every_guard() -> None:
    assert set(STORIES) == GUARDS | TABLE_GUARDS


# Found by the model: what the first version of the protocol got wrong.


def test_a_twin_that_gives_up_does_not_hide_the_committed_booking() -> None:
    world = a_world()
    see_the_slot(world)
    booked, twin = world.send("a"), world.send("a")
    world.run(booked, until=Stage.COMMIT)
    world.run(twin, until=Stage.CHECK)
    world.run(booked)
    world.flush()
    see_the_slot(world)

    world.run(twin)  # too late: rolls back and releases
    world.step(world.send("b"))
    world.run(world.send("a"))

    assert world.violations() == set()
    assert world.refused.keys() == {"b"}


def test_a_token_seen_with_its_places_is_never_refused_without_the_table() -> None:
    world = a_world()
    world.rows = [(1, "a")]
    see_the_slot(world)
    assert world.gate.take(SLOT, "a", 1) == Mine((1,))

    world.rows = [(1, "b")]  # moved to another slot, and its place taken
    reload_view(world)

    assert world.gate.take(SLOT, "a", 1) is DOUBT


def test_a_token_seen_with_some_of_its_places_is_never_refused_without_the_table() -> None:
    world = a_world(capacity=2)
    world.rows = [(1, "a"), (2, "b")]
    see_the_slot(world)

    assert world.gate.take(SLOT, "a", 2) is DOUBT
    assert world.gate.take(SLOT, "c", 2) is FULL


def test_a_view_from_before_a_clock_stepped_back_is_not_believed() -> None:
    world = a_world()
    see_the_slot(world)
    world.gate.advance(-100 * HOLD)

    assert world.gate.count([SLOT]) == [None]


# Known exceptions, so that nobody takes them for new ones. Each needs Redis to lose its memory between two answers.


def test_exception_a_refusal_is_forgotten_with_the_memory() -> None:
    world = a_world()
    see_the_slot(world)
    world.run(world.send("b"), until=Stage.CHECK)
    twins = world.send("a"), world.send("a")
    world.step(twins[0])
    world.flush()
    reload_view(world)

    world.run(twins[1], until=Stage.ANSWER)

    assert "a" in world.refused
    assert world.find("a")


def test_exception_a_commit_longer_than_a_hold_after_the_memory_was_lost() -> None:
    world = a_world()
    see_the_slot(world)
    sleeper = world.send("a")
    world.run(sleeper, until=Stage.COMMIT)
    world.flush()
    see_the_slot(world)
    world.step(sleeper)
    assert isinstance(world.gate.take(SLOT, "b", 1), Held)

    world.run(world.send("a"))

    assert "a" in world.refused
    assert world.find("a")
