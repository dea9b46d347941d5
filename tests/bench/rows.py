"""How a figure and its reference are compared: in turns, in the same run, over answers that were the expected ones."""

import statistics
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.bench.load import Outcome
from tests.bench.table import Row

ROUNDS = 5
REPEATS = 3
SPREAD = 0.15  # of the ratios (reliability.md §4)
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


async def compare(measure: Measure, reference: Measure, *, turns: int = 1) -> Compared:
    """Both, in turns; repeated up to three times until the ratios agree (decisions D31).

    A round of rates may be made of many short turns of either: then whatever disturbs the machine disturbs both.
    """
    for _ in range(REPEATS):
        rounds = [await _round(measure, reference, turns, number) for number in range(ROUNDS)]
        noisy = is_noisy(sorted(found / beside for found, beside in rounds))
        if not noisy:
            break
    found, beside = zip(*rounds, strict=True)
    return Compared(statistics.median(found), statistics.median(beside), noisy)


async def compare_apart(measure: Measure, between: Callable[[], Awaitable[None]], reference: Measure) -> Compared:
    """First all rounds of the reference, then, where turns cannot be taken, all of the other."""
    beside = [await reference() for _ in range(ROUNDS)]
    await between()
    found = [await measure() for _ in range(ROUNDS)]
    noisy = is_noisy(sorted(found)) or is_noisy(sorted(beside))
    return Compared(statistics.median(found), statistics.median(beside), noisy)


def is_noisy(ordered: list[float]) -> bool:
    return ordered[-1] - ordered[0] > SPREAD * statistics.median(ordered)


async def _round(measure: Measure, reference: Measure, turns: int, number: int) -> tuple[float, float]:
    pairs = [await _turn(measure, reference, first=(number + turn) % 2 == 0) for turn in range(turns)]
    found, beside = zip(*pairs, strict=True)
    return statistics.harmonic_mean(found), statistics.harmonic_mean(beside)  # as of one long turn


async def _turn(measure: Measure, reference: Measure, *, first: bool) -> tuple[float, float]:
    if first:
        return await measure(), await reference()
    beside = await reference()
    return await measure(), beside


def check(outcome: Outcome, expected: dict[int, int]) -> None:
    """A figure over wrong answers is no figure."""
    if outcome.statuses != Counter(expected):
        raise AssertionError(f"answers by status: {dict(outcome.statuses)}, expected {expected}")
