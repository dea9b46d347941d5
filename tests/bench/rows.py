"""The rows of reliability §4 that belong to the chain; each figure and its reference alternate in the same run."""

import statistics
from collections.abc import Awaitable, Callable

from tests.bench.load import Outcome, offer, request
from tests.bench.processes import cold_start
from tests.bench.stage import Firm, booking, clear_grid, open_slots, oversold
from tests.bench.table import Row

ROUNDS = 5
_REQUESTS = 2000
Measure = Callable[[], Awaitable[float]]


class Oversold(AssertionError):
    """A place was sold twice: no benchmark is worth anything after that."""


async def compare(measure: Measure, reference: Measure) -> tuple[float, float]:
    """Medians of five rounds, the order rotated."""
    found: list[float] = []
    beside: list[float] = []
    for number in range(ROUNDS):
        turns = [(measure, found), (reference, beside)]
        for work, results in turns if number % 2 else reversed(turns):
            results.append(await work())
    return statistics.median(found), statistics.median(beside)


async def reads(service: int, bare: int, firms: list[Firm]) -> list[Row]:
    """Row 1: the grid, warm."""
    path = "/api/v1/appointments/grid?business=registration&people=2"
    asked = [request("GET", path, token=firms[n % len(firms)].token) for n in range(_REQUESTS)]
    plain = [request("GET", "/healthz/live")] * _REQUESTS
    await offer(service, asked[:200])
    rate, reference = await compare(lambda: _rate(service, asked, 200), lambda: _rate(bare, plain, 200))
    return [Row("1", "grid read, warm / bare Sanic JSON route", rate, reference, 0.5, "answers/s")]


async def refusals(service: int, bare: int, firms: list[Firm]) -> list[Row]:
    """Row 2: a sold-out slot, through HTTP with login."""
    slot, buyers, late = open_slots()[0], firms[:12], firms[12:]
    await offer(service, [booking(firm, slot) for firm in buyers])
    plain = [request("POST", "/healthz/live", body=b"{}")] * _REQUESTS

    async def refused() -> float:
        return await _rate(service, [booking(late[n % len(late)], slot) for n in range(_REQUESTS)], 409)

    await refused()
    rate, reference = await compare(refused, lambda: _rate(bare, plain, 200))
    return [Row("2", "sold-out refusal / bare Sanic", rate, reference, 0.4, "answers/s")]


async def winners(gate: int, lock: int, firms: list[Firm]) -> list[Row]:
    """Rows 3 and 4: hot slots one after the other, all winners, then a rush of which nine in ten are refused."""
    won = await compare(lambda: _sell(gate, firms, 12, 201), lambda: _sell(lock, firms, 12, 201))
    rush = await compare(lambda: _sell(gate, firms, 120, None), lambda: _sell(lock, firms, 120, None))
    return [
        Row("3", "winning bookings, hot slot / FOR UPDATE", *won, 1.5, "bookings/s"),
        Row("4", "rush, 90 % refused / FOR UPDATE", *rush, 3.0, "answers/s"),
    ]


async def _sell(port: int, firms: list[Firm], offered: int, counted: int | None) -> float:
    """Offer `offered` bookings for each of a few fresh slots in turn; answers (or only `counted` ones) a second."""
    await clear_grid()
    together = Outcome()
    for number, slot in enumerate(open_slots()[: min(20, len(firms) // offered)]):
        chosen = firms[number * offered : (number + 1) * offered]
        sold = await offer(port, [booking(firm, slot) for firm in chosen], connections=32)
        together.seconds += sold.seconds
        together.statuses += sold.statuses
    _check(together, {201, 409})
    if extra := await oversold():
        raise Oversold(f"{extra} places")
    return together.rate_of(counted) if counted else together.rate


async def starts(environment: dict[str, str]) -> list[Row]:
    """Row 10: from the start of the process to the first 200."""
    ours, bare = await compare(
        lambda: cold_start("server.run.web", environment), lambda: cold_start("tests.bench.bare", environment)
    )
    return [Row("10", "cold start to first 200 / bare Sanic", ours, bare, 3.0, "s", at_least=False)]


async def _rate(port: int, requests: list[bytes], status: int) -> float:
    outcome = await offer(port, requests)
    _check(outcome, {status})
    return outcome.rate


def _check(outcome: Outcome, expected: set[int]) -> None:
    """A figure over wrong answers is no figure."""
    if wrong := {status: count for status, count in outcome.statuses.items() if status not in expected}:
        raise AssertionError(f"unexpected answers: {wrong}")
