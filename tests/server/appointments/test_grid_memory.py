"""The grid is believed for a second, shared by whoever looks at the same time, never older than a change heard of."""

import asyncio
from collections.abc import Sequence

import pytest

from server.appointments.grid_memory import BELIEVED_SECONDS, GridMemory
from server.appointments.slots import Slot
from tests.engines.servers import RedisServer
from tests.world import World


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


async def test_a_look_is_believed_for_a_second(world: World) -> None:
    clock = Clock()
    memory = GridMemory(clock)
    first = await memory.look(world.desk, gate=world.gate)

    clock.time += BELIEVED_SECONDS / 2
    assert await memory.look(world.desk, gate=world.gate) is first

    clock.time += BELIEVED_SECONDS / 2
    assert await memory.look(world.desk, gate=world.gate) is not first


async def test_everyone_who_comes_at_once_looks_together(world: World) -> None:
    memory = GridMemory()

    seen = await asyncio.gather(*(memory.look(world.desk, gate=world.gate) for _ in range(10)))

    assert {id(look) for look in seen} == {id(seen[0])}


async def test_after_a_change_nobody_is_given_the_old_look(world: World) -> None:
    memory, firm = GridMemory(), await world.firm()
    slot = Slot(world.desk, world.day, "10:00")
    before = await memory.look(world.desk, gate=world.gate)
    await firm.book(people=2)

    memory.forget(world.desk)

    after = await memory.look(world.desk, gate=world.gate)
    assert (before.free[slot], after.free[slot]) == (12, 10)


async def test_a_look_that_a_change_ran_into_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many changes there were before."""
    memory, begun, count = GridMemory(), asyncio.Event(), world.gate.count

    async def counted(slots: Sequence[Slot]) -> list[int | None]:
        begun.set()
        return await count(slots)

    monkeypatch.setattr(world.gate, "count", counted)
    memory.forget(world.desk)
    looking = asyncio.create_task(memory.look(world.desk, gate=world.gate))
    await begun.wait()

    memory.forget(world.desk)
    seen = await looking

    assert await memory.look(world.desk, gate=world.gate) is not seen


async def test_when_news_may_have_been_missed_every_desk_is_looked_at_again(world: World) -> None:
    memory = GridMemory()
    seen = [await memory.look(desk, gate=world.gate) for desk in (world.desk, "another_desk")]

    memory.forget_all()

    again = [await memory.look(desk, gate=world.gate) for desk in (world.desk, "another_desk")]
    assert [new is old for new, old in zip(again, seen, strict=True)] == [False, False]


async def test_an_answer_is_kept_as_long_as_the_look_it_was_made_of(world: World) -> None:
    clock = Clock()
    memory = GridMemory(clock)
    seen = await memory.look(world.desk, gate=world.gate)

    seen.keep("people=2", b"{}")

    assert memory.recall("people=2") == b"{}"
    assert memory.recall("people=3") is None
    clock.time += BELIEVED_SECONDS
    assert memory.recall("people=2") is None


async def test_without_redis_nothing_is_kept(fragile_world: World, own_redis: RedisServer) -> None:
    memory = GridMemory()
    own_redis.kill()

    first = await memory.look(fragile_world.desk, gate=fragile_world.gate)

    assert await memory.look(fragile_world.desk, gate=fragile_world.gate) is not first
