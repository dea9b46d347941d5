"""The rows of reliability §4 that belong to the chain; each figure and its reference alternate in the same run."""

import statistics
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.bench.load import Outcome, offer, request
from tests.bench.processes import cold_start
from tests.bench.stage import GRID, Firm, age_views, booking, clear_grid, forget_tries, open_slots, oversold
from tests.bench.table import Row
from tests.engines.servers import RedisServer

ROUNDS = 5
REPEATS = 3
SPREAD = 0.15  # of the ratios (reliability.md §4)
_REQUESTS = 2000
Measure = Callable[[], Awaitable[float]]


class Oversold(AssertionError):
    """A place was sold twice: no benchmark is worth anything after that."""


@dataclass(frozen=True)
class Compared:
    """Medians of five rounds, and whether their ratios lay too far apart."""

    value: float
    reference: float
    noisy: bool

    def row(self, row: str, name: str, bar: float, unit: str, *, at_least: bool = True) -> Row:
        return Row(row, name, self.value, self.reference, bar, unit, at_least, self.noisy)


async def compare(measure: Measure, reference: Measure) -> Compared:
    """Both, in turns; repeated up to three times until the ratios agree (decisions D31)."""
    for _ in range(REPEATS):
        rounds = [await _round(measure, reference, first=number % 2 == 0) for number in range(ROUNDS)]
        ratios = sorted(found / beside for found, beside in rounds)
        noisy = ratios[-1] - ratios[0] > SPREAD * statistics.median(ratios)
        if not noisy:
            break
    found, beside = zip(*rounds, strict=True)
    return Compared(statistics.median(found), statistics.median(beside), noisy)


async def _round(measure: Measure, reference: Measure, *, first: bool) -> tuple[float, float]:
    if first:
        return await measure(), await reference()
    beside = await reference()
    return await measure(), beside


async def reads(service: int, bare: int, firms: list[Firm]) -> list[Row]:
    """Row 1: the grid, warm."""
    asked = [request("GET", GRID, token=firms[n % len(firms)].token) for n in range(_REQUESTS)]
    plain = [request("GET", "/healthz/live")] * _REQUESTS
    await offer(service, asked[:200])
    rates = await compare(lambda: _rate(service, asked, 200), lambda: _rate(bare, plain, 200))
    return [rates.row("1", "grid read, warm / bare Sanic JSON route", 0.5, "answers/s")]


async def refusals(service: int, bare: int, firms: list[Firm], redis: RedisServer) -> list[Row]:
    """Row 2: a sold-out slot, through HTTP with login."""
    slot, buyers, late = open_slots()[0], firms[:12], firms[12:]
    await age_views(firms[0], service)
    await offer(service, [booking(firm, slot) for firm in buyers])
    plain = [request("POST", "/healthz/live", body=b"{}")] * _REQUESTS

    async def refused() -> float:
        await forget_tries(redis)
        return await _rate(service, [booking(late[n % len(late)], slot) for n in range(_REQUESTS)], 409)

    await refused()
    rates = await compare(refused, lambda: _rate(bare, plain, 200))
    return [rates.row("2", "sold-out refusal / bare Sanic", 0.4, "answers/s")]


async def winners(gate: int, lock: int, firms: list[Firm], redis: RedisServer) -> list[Row]:
    """Rows 3 and 4: hot slots one after the other, all winners, then a rush of which nine in ten are refused."""

    await age_views(firms[0], gate)

    def selling(port: int, offered: int, counted: int | None) -> Measure:
        return lambda: _sell(port, firms, redis, offered, counted)

    won = await compare(selling(gate, 12, 201), selling(lock, 12, 201))
    rush = await compare(selling(gate, 120, None), selling(lock, 120, None))
    return [
        won.row("3", "winning bookings, hot slot / FOR UPDATE", 1.5, "bookings/s"),
        rush.row("4", "rush, 90 % refused / FOR UPDATE", 3.0, "answers/s"),
    ]


async def _sell(port: int, firms: list[Firm], redis: RedisServer, offered: int, counted: int | None) -> float:
    """Offer `offered` bookings for each of a few fresh slots in turn; answers (or only `counted` ones) a second."""
    await clear_grid(redis)
    slots = open_slots()[: min(20, len(firms) // offered)]
    together = Outcome()
    for number, slot in enumerate(slots):
        chosen = firms[number * offered : (number + 1) * offered]
        sold = await offer(port, [booking(firm, slot) for firm in chosen], connections=32)
        together.seconds += sold.seconds
        together.answers += sold.answers
    _check(together, {201: 12 * len(slots), 409: (offered - 12) * len(slots)})
    if extra := await oversold():
        raise Oversold(f"{extra} places")
    return together.rate_of(counted) if counted else together.rate


async def starts(environment: dict[str, str]) -> list[Row]:
    """Row 10: from the start of the process to the first 200."""
    seconds = await compare(
        lambda: cold_start("server.run.web", environment), lambda: cold_start("tests.bench.bare", environment)
    )
    return [seconds.row("10", "cold start to first 200 / bare Sanic", 3.0, "s", at_least=False)]


async def _rate(port: int, requests: list[bytes], status: int) -> float:
    outcome = await offer(port, requests)
    _check(outcome, {status: len(requests)})
    return outcome.rate


def _check(outcome: Outcome, expected: dict[int, int]) -> None:
    """A figure over wrong answers is no figure."""
    if outcome.statuses != Counter(expected):
        raise AssertionError(f"answers by status: {dict(outcome.statuses)}, expected {expected}")
