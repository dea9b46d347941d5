"""Rows 9 and 10: what a process costs that has nothing to do yet."""

import asyncio
import statistics

from tests.bench.load import request
from tests.bench.processes import all_loaded, cold_start, resident, started
from tests.bench.rows import compare
from tests.bench.table import Row

_CONNECTIONS = 2000
_PROBE = request("GET", "/healthz/live")


async def starts(environment: dict[str, str]) -> list[Row]:
    """Row 10: from the start of the process to the first 200."""
    seconds = await compare(
        lambda: cold_start("server.run.web", environment), lambda: cold_start("tests.bench.bare", environment)
    )
    return [seconds.row("10", "cold start to first 200 / bare Sanic", 3.0, "s", at_least=False)]


async def connections(environment: dict[str, str]) -> list[Row]:
    """Row 9: kilobytes of a connection that was answered once and stays open, and what a process weighs at all."""
    ours, weight = zip(*[await _kilobytes("server.run.web", environment) for _ in range(3)], strict=True)
    bare, _ = zip(*[await _kilobytes("tests.bench.bare", environment) for _ in range(3)], strict=True)
    found, beside = statistics.median(ours), statistics.median(bare)
    return [
        Row("9", "idle keep-alive connection / bare Sanic", found, beside, 1.5, "KB", at_least=False),
        Row("9a", "web process without work / 120 MB", max(weight) / 1024, 120, 1.0, "MB", at_least=False),
    ]


async def _kilobytes(module: str, environment: dict[str, str]) -> tuple[float, float]:
    async with started(module, environment) as (port, pid):
        await all_loaded(pid)
        warm = [await _answered(port) for _ in range(50)]
        before = resident(pid)
        idle = [await _answered(port) for _ in range(_CONNECTIONS)]
        after = resident(pid)
        for writer in warm + idle:
            writer.close()
    return (after - before) / _CONNECTIONS, before


async def _answered(port: int) -> asyncio.StreamWriter:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_PROBE)
    await reader.readuntil(b"}")
    return writer
