"""Rows 2 and 6: what a sold-out slot costs, through HTTP and at the gate alone."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from itertools import cycle, islice
from typing import Any

from server.appointments.slots import HOLD_MS, NotTaken, Slot
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.slots import RedisSlots
from tests.bench.load import RUSH, crowd, offer, request
from tests.bench.reading import rate
from tests.bench.rows import compare
from tests.bench.stage import Firm, age_views, booking, open_slots
from tests.bench.table import Row
from tests.engines.servers import RedisServer

_TURN, _TURNS = 2000, 3  # refusals a turn, and turns a round
_TAKES = 4000
_AT_ONCE = 32


async def refusals(service: int, bare: int, firms: list[Firm]) -> list[Row]:
    """Row 2: a sold-out slot with login; the same requests go to the bare route."""
    slot, buyers, late = open_slots()[0], firms[:12], cycle(firms[12:])
    await age_views(firms[0], service)
    await offer(service, [booking(firm, slot) for firm in buyers])
    alike = {"body": b" " * 110, "Key": "k" * 32}
    plain = [request("POST", "/healthz/live", token=firm.token, **alike) for firm in firms[:_TURN]]
    async with crowd(service, RUSH) as ours, crowd(bare, RUSH) as theirs:

        async def refused() -> float:
            return await rate(ours, [booking(firm, slot) for firm in islice(late, _TURN)], 409)

        for _ in range(0, len(firms), _TURN):
            await refused()  # whoever tries has looked at the grid before: his first contact is no refusal's cost
        rates = await compare(refused, lambda: rate(theirs, plain, 200), turns=_TURNS)
    return [rates.row("2", "sold-out refusal / bare Sanic", 0.4, "answers/s")]


async def takes(redis: RedisServer) -> list[Row]:
    """Row 6: `take` answering FULL, against a script that only returns, over the same client and pool."""
    async with RedisDoor(redis.url, prefix="bench6") as door:
        slots, slot = RedisSlots(door), Slot("bench", date.today() + timedelta(days=1), "10:00")  # noqa: DTZ011
        only_returns = door.client.register_script("return {'FULL'}")
        rows = [(place, f"{place:032x}") for place in range(1, 13)]
        await slots.fill(slot, 12, rows)
        await asyncio.sleep(HOLD_MS / 1000 + 1)

        async def take(number: int) -> None:
            assert await slots.take(slot, f"{number:032x}", 2) is NotTaken.FULL

        async def reply(number: int) -> None:
            keys, arguments = [slots.slot_key(slot), slots.told_key("bench", f"{number:032x}")], [f"{number:032x}", 2]
            await door.call(lambda client: only_returns(keys, arguments, client=client))

        async def taking() -> float:
            await slots.fill(slot, 12, rows)
            return await _pace(take)

        found = await compare(taking, lambda: _pace(reply))
    beside = await _redis_benchmark(redis.port)
    row = found.row("6", "take / a script that only returns", 0.7, "calls/s")
    return [row, Row("6", "take / redis-benchmark of such a script", found.value, beside, 0.0, "calls/s")]


async def _pace(call: Callable[[int], Awaitable[Any]]) -> float:
    numbers = iter(range(100, 100 + _TAKES))

    async def one_after_the_other() -> None:
        for number in numbers:
            await call(number)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(_AT_ONCE)))
    return _TAKES / (time.perf_counter() - began)


async def _redis_benchmark(port: int) -> float:
    """Calls a second of Redis's own load generator, 0 where it is not installed."""
    if not (program := shutil.which("redis-benchmark")):
        return 0.0
    options = ["-p", str(port), "-c", str(_AT_ONCE), "-n", "20000", "-q", "--csv"]
    script = ["eval", "return {'FULL'}", "2", "a", "b", "c", "2"]
    process = await asyncio.create_subprocess_exec(
        program, *options, *script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    return float(said.decode().strip().splitlines()[-1].split('","')[1].strip('"'))
