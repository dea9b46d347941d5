"""The Lua gate on a real server at which time stands still, so that every step can be compared with the model."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import date
from typing import Any, TypeVar

from redis import Redis

from server.appointments.slots import Answer, Slot
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.slots import RedisSlots
from tests.server.appointments.booking_model import DAY, HOLD, VIEW
from tests.server.appointments.gate_model import GateModel, View

# Far ahead of the server's own clock, which therefore expires nothing; what is due by this clock goes by `advance`.
FROZEN = "local now = tonumber(redis.call('GET', 'frozen-clock'))\n"
BEGINNING = 4_102_444_800_000
ON = date(2026, 11, 24)

T = TypeVar("T")


class FrozenGate:
    """The same questions as GateModel's, asked of RedisSlots; only the one line that reads the time is another."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._door = RedisDoor(url, prefix="t")
        self._slots = RedisSlots(self._door, view_ms=VIEW, hold_ms=HOLD, day_ms=DAY, clock=FROZEN)
        self._behind: Any = Redis.from_url(url, decode_responses=True)
        self.now = BEGINNING
        self.flush()

    def close(self) -> None:
        self._run(self._door.close())
        self._loop.close()
        self._behind.close()

    def take(self, slot: str, token: str, people: int) -> Answer:
        return self._run(self._slots.take(self._slot(slot), token, people))

    def take_together(self, slot: str, asked: Sequence[tuple[str, int]]) -> list[Answer]:
        """All at the same moment: they go out as one script."""

        async def taken() -> list[Answer]:
            return await asyncio.gather(*(self._slots.take(self._slot(slot), *ask) for ask in asked))

        return self._run(taken())

    def fill(self, slot: str, capacity: int, rows: Sequence[tuple[int, str]]) -> None:
        self._run(self._slots.fill(self._slot(slot), capacity, rows))

    def release(self, slot: str, token: str, *, places: Sequence[int] = (), stale: bool = False) -> None:
        self._run(self._slots.release(self._slot(slot), token, places=places, stale=stale))

    def drop(self, slot: str) -> None:
        self._run(self._slots.drop(self._slot(slot)))

    def count(self, slots: Sequence[str]) -> list[int | None]:
        return self._run(self._slots.count([self._slot(slot) for slot in slots]))

    def flush(self) -> None:
        self._behind.flushall()
        self._behind.set("frozen-clock", self.now)

    def advance(self, time: int) -> None:
        self.now += time
        self._behind.set("frozen-clock", self.now)
        for name in self._behind.keys("t:told:*"):
            if self._expiry(name) <= self.now:
                self._behind.delete(name)

    def load(self, model: GateModel) -> None:
        """Make the memory that of the model, whose times count from BEGINNING."""
        self.now = model.now
        self.flush()
        for slot, view in model.views.items():
            entries = {str(place): f"{until} {token}" for place, (until, token) in view.entries.items()}
            head = {"fresh": view.fresh, "young": view.young, "capacity": view.capacity}
            top = max([view.capacity, *view.entries])
            self._behind.hset(self._slots.slot_key(self._slot(slot)), mapping=head | entries | {"top": top})
        for token, (word, until) in model.told.items():
            if until > self.now:
                self._behind.set(self._slots.told_key("main", token), word, pxat=until)

    def memory(self) -> tuple[dict[str, View], dict[str, tuple[str, int]]]:
        """What the server holds, in the shape of the model's."""
        views = {name.rpartition("|")[2]: self._view(name) for name in self._behind.keys("t:slot:*")}
        told = {
            name.rpartition(":")[2]: (str(self._behind.get(name)), self._expiry(name))
            for name in self._behind.keys("t:told:*")
        }
        return views, told

    def _view(self, name: str) -> View:
        flat: dict[str, str] = self._behind.hgetall(name)
        entries = {int(p): (int(e.split()[0]), e.split()[1]) for p, e in flat.items() if p.isdigit()}
        return View(int(flat.get("fresh", 0)), int(flat["young"]), int(flat["capacity"]), entries)

    def _expiry(self, name: str) -> int:
        expiry = self._behind.execute_command("PEXPIRETIME", name)
        return int(expiry)

    def _slot(self, name: str) -> Slot:
        return Slot("main", ON, f"|{name}")

    def _run(self, work: Awaitable[T]) -> T:
        return self._loop.run_until_complete(work)


def memory_of(model: GateModel) -> tuple[dict[str, View], dict[str, tuple[str, int]]]:
    """What the model holds, without what has lapsed."""
    return model.views, {token: said for token, said in model.told.items() if said[1] > model.now}
