"""Everything that can go wrong, at random and the same way for the same seed."""

import random
from collections.abc import Callable
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from tests.simulator.faults import Fault

Kind = Literal[
    "busy",
    "gateway",
    "lost_request",
    "lost_reply",
    "slow",
    "minute_quota",
    "crowded",
    "dead_token",
    "refused",
]
_FINAL = (43004, 43101, 40003)
HARMLESS: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind != "refused")


class Chaos(BaseModel):
    """`rate` of all calls and callbacks meets one of `kinds`; "refused" is a definite no, the rest passes."""

    model_config = ConfigDict(extra="forbid")

    seed: int
    rate: float = Field(0.1, gt=0, le=1)
    kinds: tuple[Kind, ...] = Field(HARMLESS, min_length=1)
    slowest: float = Field(0.5, ge=0, le=60)  # seconds


class Storm:
    """`kill_tokens` ends every token given out."""

    def __init__(self, chaos: Chaos, kill_tokens: Callable[[], None]) -> None:
        self.chaos = chaos
        self._random = random.Random(chaos.seed)
        self._kill_tokens = kill_tokens

    def next_for(self, path: str) -> Fault | None:
        if self._random.random() >= self.chaos.rate:
            return None
        kind = self._random.choice(self.chaos.kinds)
        if kind == "dead_token":
            self._kill_tokens()
            return None
        return Fault.model_validate({"endpoint": path, **self._details(kind)})

    def _details(self, kind: Kind) -> dict[str, object]:
        slow = self._random.uniform(0.001, max(0.001, self.chaos.slowest))
        details: dict[Kind, dict[str, object]] = {
            "busy": {"errcode": -1},
            "gateway": {"status": self._random.choice((500, 502, 503, 504))},
            "lost_request": {"drop": "request"},
            "lost_reply": {"drop": "reply"},
            "slow": {"delay": slow},
            "minute_quota": {"errcode": 45011},
            "crowded": {"errcode": 43108},
            "refused": {"errcode": self._random.choice(_FINAL)},
        }
        return details[kind]
