"""Rows 3, 4 and 5: hot slots on MariaDB through HTTP, against row locks and without Redis; and places alone."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date
from uuid import uuid4

from models.appointments import Visit
from models.base import new_id
from server import clock
from server.appointments.hold import with_held
from server.appointments.slots import Slot, SlotCounter
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.slots import RedisSlots
from server.transactions import connection, in_transaction
from tests.bench.load import Outcome, offer
from tests.bench.rows import Measure, Oversold, check, compare, compare_apart
from tests.bench.stage import Firm, age_views, booking, clear_grid, open_slots, oversold
from tests.bench.table import Row
from tests.engines.servers import RedisServer

_AT_ONCE = 32
_ANSWERS = 720  # of one round at most
_INSERT = (
    "INSERT INTO visit (id, created_at, token, desk, on_date, start, place_no) VALUES (%s, %s, %s, %s, %s, %s, %s)"
)


async def winners(gate: int, lock: int, firms: list[Firm], redis: RedisServer) -> list[Row]:
    """Rows 3 to 5: hot slots one after the other, all winners, then a rush of which nine in ten are refused."""
    await age_views(firms[0], gate)

    def selling(port: int, offered: int, counted: int | None) -> Measure:
        return lambda: sell(port, firms, redis, offered, counted)

    won = await compare(selling(gate, 12, 201), selling(lock, 12, 201))
    rush = await compare(selling(gate, 120, None), selling(lock, 120, None))

    async def stop_redis() -> None:
        redis.kill()

    down = await compare_apart(lambda: sell(gate, firms, None, 120, None), stop_redis, selling(gate, 120, None))
    redis.start()
    return [
        won.row("3", "winning bookings, hot slot / FOR UPDATE", 1.5, "bookings/s"),
        rush.row("4", "rush, 90 % refused / FOR UPDATE", 3.0, "answers/s"),
        down.row("5", "rush without Redis / with Redis", 0.3, "answers/s"),
    ]


async def sell(port: int, firms: list[Firm], redis: RedisServer | None, offered: int, counted: int | None) -> float:
    """Offer `offered` bookings for each of a few fresh slots in turn; answers (or only `counted` ones) a second."""
    await clear_grid(redis)
    slots = open_slots()[: min(20, _ANSWERS // offered)]
    together = Outcome()
    for number, slot in enumerate(slots):
        chosen = firms[number * offered : (number + 1) * offered]
        sold = await offer(port, [booking(firm, slot) for firm in chosen], connections=_AT_ONCE)
        together.seconds += sold.seconds
        together.answers += sold.answers
    check(together, {201: 12 * len(slots), 409: (offered - 12) * len(slots)})
    if extra := await oversold():
        raise Oversold(f"{extra} places")
    return together.rate_of(counted) if counted else together.rate


async def places(redis: RedisServer) -> list[Row]:
    """A place assigned and its row inserted, without HTTP and all else of a booking: gate against row lock."""
    async with RedisDoor(redis.url, prefix="bench-places") as door:
        gate = RedisSlots(door)
        rates = await compare(lambda: _fill_up(redis, gate, _through_the_gate), lambda: _fill_up(redis, gate, _locked))
    return [rates.row("3a", "place assigned and inserted / FOR UPDATE", 2.5, "places/s")]


async def _fill_up(
    redis: RedisServer, gate: SlotCounter, book: Callable[[Slot, SlotCounter], Awaitable[None]]
) -> float:
    """Twelve bookers of one place for each slot, one slot after the other, as many at once as one slot has."""
    await clear_grid(redis)
    await connection().execute_script("UPDATE bench_slot SET sold = 0")
    slots = [Slot("main", date.fromisoformat(on), start) for on, start in open_slots()]
    for slot in slots:
        await gate.fill(slot, 12, [])
    began = time.perf_counter()
    for slot in slots:
        await asyncio.gather(*(book(slot, gate) for _ in range(12)))
    seconds = time.perf_counter() - began
    if await Visit.all().count() != 12 * len(slots):
        raise AssertionError("not every booker got his place")
    return 12 * len(slots) / seconds


async def _through_the_gate(slot: Slot, gate: SlotCounter) -> None:
    token = uuid4().hex

    async def record(places: tuple[int, ...]) -> None:
        async with in_transaction():
            await _insert(slot, token, places[0])

    await with_held(slot, token, 1, record, gate=gate)


async def _locked(slot: Slot, _: SlotCounter) -> None:
    async with in_transaction():
        key = [f"{slot.on}:{slot.start}"]
        rows = await connection().execute_query_dict("SELECT sold FROM bench_slot WHERE id = %s FOR UPDATE", key)
        await connection().execute_query("UPDATE bench_slot SET sold = sold + 1 WHERE id = %s", key)
        await _insert(slot, uuid4().hex, rows[0]["sold"] + 1)


async def _insert(slot: Slot, token: str, place: int) -> None:
    values = [str(new_id()), clock.now(), token, slot.desk, slot.on, slot.start, place]
    await connection().execute_query(_INSERT, values)
