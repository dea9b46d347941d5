"""The slot gate in Redis: one Lua script an operation, and the names of its keys."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from server.appointments.slots import CLOSED, DAY_MS, HOLD_MS, VIEW_MS, Answer, GateDown, Held, Mine, NotTaken, Slot
from server.gateways.redis.client import RedisDoor, RedisDown, script_text
from server.gateways.redis.news import DESKS, channel
from server.together import Together

# A view must not expire before its day is over, or an idle slot would be young again in the rush. Every load renews
# it, and a slot can be booked eight days before at most.
_KEEP_MS = 9 * DAY_MS

_NOT_TAKEN = {answer.name.encode(): answer for answer in NotTaken}
_TAKEN: dict[bytes, type[Held] | type[Mine]] = {b"HELD": Held, b"MINE": Mine}

Ask = tuple[str, int]  # a token and its number of people


class RedisSlots:
    """A SlotCounter. All keys of one desk carry the tag {desk}; the takes of one slot and moment go out as one."""

    def __init__(
        self,
        door: RedisDoor,
        *,
        view_ms: int = VIEW_MS,
        hold_ms: int = HOLD_MS,
        day_ms: int = DAY_MS,
        clock: str | None = None,
        changed: Callable[[str], None] = lambda desk: None,
    ) -> None:
        """`clock`: the Lua that defines `now`. Left out, it is Redis's own time; a test may stand time still.

        `changed` hears of every desk of which this process changed something; other processes hear it as news.
        """
        self._door = door
        self._view_ms, self._hold_ms, self._day_ms = view_ms, hold_ms, day_ms
        self._changed, self._news = changed, channel(door, DESKS)
        self._takes: dict[Slot, Together[Ask, Answer]] = {}  # one of five slots a day and desk
        now = clock or script_text("clock")
        register = door.client.register_script
        self._take = register(now + script_text("news", "view", "choose", "take"))
        self._fill = register(now + script_text("view", "fill"))
        self._count = register(now + script_text("view", "count"))
        self._release = register(script_text("news", "release"))

    async def take(self, slot: Slot, token: str, people: int) -> Answer:
        if (together := self._takes.get(slot)) is None:
            together = self._takes[slot] = Together(partial(self._take_all, slot))
        return await together((token, people))

    async def _take_all(self, slot: Slot, asked: Sequence[Ask]) -> list[Answer]:
        told = self.told_key(slot.desk, "")
        keys = [self.slot_key(slot), *[told + token for token, _ in asked]]
        asks = " ".join([f"{token} {people}" for token, people in asked])  # one argument: each is packed by itself
        said = await self._run(self._take, keys, [self._hold_ms, self._day_ms, asks, self._news, slot.desk])
        answers = [_answer(*words) for words in said]
        if any(isinstance(answer, Held) for answer in answers):
            self._changed(slot.desk)
        return answers

    async def fill(self, slot: Slot, capacity: int, rows: Sequence[tuple[int, str]]) -> None:
        flat = [part for row in rows for part in row]
        await self._run(self._fill, [self.slot_key(slot)], [self._view_ms, self._hold_ms, _KEEP_MS, capacity, *flat])

    async def release(self, slot: Slot, token: str, *, places: Sequence[int] = (), stale: bool = False) -> None:
        self._changed(slot.desk)  # also when Redis does not hear it
        await self._run(self._release, [self.slot_key(slot)], [token, int(stale), *places, self._news, slot.desk])

    async def drop(self, slot: Slot) -> None:
        await self.release(slot, "", stale=True)  # nobody's holds

    async def count(self, slots: Sequence[Slot]) -> list[int | None]:
        counts = await self._run(self._count, [self.slot_key(slot) for slot in slots], [self._hold_ms])
        return [count if count >= CLOSED else None for count in counts]

    def is_suspect(self) -> bool:
        return self._door.had_error_within(self._hold_ms / 1000)

    def slot_key(self, slot: Slot) -> str:
        return self._door.key("slot", slot.on.isoformat(), slot.start, tag=slot.desk)

    def told_key(self, desk: str, token: str) -> str:
        """What this token was last told: `held` for a day, or `refused` for ten hold times."""
        return self._door.key("told", token, tag=desk)

    async def _run(self, script: Any, keys: list[str], arguments: list[int | str]) -> Any:
        return await self._call(lambda redis: script(keys, arguments, client=redis))

    async def _call(self, operation: Any) -> Any:
        try:
            return await self._door.call(operation)
        except RedisDown as down:
            raise GateDown from down


def _answer(word: bytes, *places: int) -> Answer:
    taken = _TAKEN.get(word)
    return taken(places) if taken else _NOT_TAKEN[word]
