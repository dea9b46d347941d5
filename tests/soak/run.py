"""One soak: `run_soak(Plan(seconds=60, seed=1))` says what was done and which invariants broke."""

import asyncio
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.server.http.waiting import until
from tests.soak.actors import Crowd
from tests.soak.killer import Killer
from tests.soak.town import running_town
from tests.soak.verdict import violations

_FIRMS, _PEOPLE = 60, 10


@dataclass(frozen=True)
class Plan:
    """Ends after `seconds`, and not before `kills` processes have died."""

    seconds: float
    seed: int
    kills: int = 0
    pause: float = 3.0


@dataclass(frozen=True)
class Report:
    seed: int
    kills: Counter[str]
    done: Counter[str]
    answers: dict[str, int]
    violations: list[str]

    def lines(self) -> list[str]:
        return [
            f"seed {self.seed}",
            f"kills {self.kills.total()}: {dict(self.kills)}",
            f"operations {self.done.total()}: {dict(self.done)}",
            f"bookings {self.answers}",
            *(f"VIOLATION {fault}" for fault in self.violations),
            f"{len(self.violations)} violations",
        ]


async def run_soak(plan: Plan) -> Report:
    dice = random.Random(plan.seed)
    with tempfile.TemporaryDirectory(prefix="zcgl-soak-", dir=_memory()) as folder:
        async with running_town(Path(folder)) as town:
            crowd, killer = Crowd(town, dice), Killer(town, random.Random(plan.seed + 1))
            await crowd.gather_people(_FIRMS)
            living = [
                asyncio.create_task(crowd.live(_PEOPLE)),
                asyncio.create_task(killer.work(crowd.ending, plan.pause)),
            ]
            await _last(plan, killer)
            crowd.ending.set()
            await asyncio.gather(*living)
            broken = await violations(crowd)
    return Report(plan.seed, killer.kills, crowd.done, _answers(crowd), broken)


async def _last(plan: Plan, killer: Killer) -> None:
    end = time.monotonic() + plan.seconds
    await until(lambda: _is_over(end, killer, plan.kills), "the end of the storm", plan.seconds + plan.kills * 30 + 60)


async def _is_over(end: float, killer: Killer, kills: int) -> bool:
    return time.monotonic() >= end and killer.kills.total() >= kills


def _answers(crowd: Crowd) -> dict[str, int]:
    told = crowd.ledger.told
    return {
        "acknowledged": sum(bool(one.booked) for one in told),
        "refused": sum(bool(one.refused) for one in told),
        "never answered": sum(not one.booked and not one.refused for one in told),
        "unknown answers": sum(one.unknown for one in told),
    }


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
