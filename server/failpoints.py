"""Named points at which tests make a process die, freeze, wait or fail (ZCGL_SWITCHES; a production start refuses it).

`ZCGL_SWITCHES="booking.taken=kill, delivery.accepted=sleep:2"`: an action a point, each done once among all processes
of one data folder, so that a process that is started again goes on. `ACTION@3` lets the first two pass.
"""

import asyncio
import os
import signal
from functools import cache
from typing import Literal, get_args

from config.settings import Settings, settings

Point = Literal[
    "booking.taken",  # places are held, no transaction yet
    "booking.in_transaction",
    "booking.committing",  # everything is written, COMMIT comes next
    "booking.committed",  # nobody was told yet
    "cancel.committed",  # the gate was not told yet
    "door.answering",  # the answer is made, not sent
    "delivery.leased",  # the provider was not called yet
    "delivery.accepted",  # the provider said yes, nothing is recorded
    "material.stored",  # the file is in the store, its row is not written
]
POINTS: tuple[Point, ...] = get_args(Point)


class Injected(RuntimeError):
    """What `raise` raises."""


class UnknownSwitch(ValueError):
    """A switch that no point has, or an action that does not exist."""


async def reach(point: Point) -> None:
    """Pass the point; does nothing unless this point is switched on."""
    if (action := _armed().get(point)) and _is_turn(point, action) and _is_first(point):
        await _do(action.partition("@")[0])


@cache
def _armed() -> dict[Point, str]:
    return parse(settings())


def parse(chosen: Settings) -> dict[Point, str]:
    """Raises UnknownSwitch, so that a test with a misspelt point fails instead of passing."""
    found: dict[Point, str] = {}
    for switch in filter(None, (part.strip() for part in chosen.switches.split(","))):
        point, _, action = switch.partition("=")
        if point not in POINTS or action.partition("@")[0].partition(":")[0] not in ("kill", "stop", "sleep", "raise"):
            raise UnknownSwitch(switch)
        found[point] = action
    return found


_reached: dict[Point, int] = {}


def _is_turn(point: Point, action: str) -> bool:
    _reached[point] = _reached.get(point, 0) + 1
    return _reached[point] == int(action.partition("@")[2] or 1)


def _is_first(point: Point) -> bool:
    """Whoever makes the mark does it; whoever finds it was started again, or came second."""
    marks = settings().home / "failpoints"
    marks.mkdir(parents=True, exist_ok=True)
    try:
        (marks / point).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


async def _do(action: str) -> None:
    name, _, argument = action.partition(":")
    if name == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif name == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif name == "sleep":
        await asyncio.sleep(float(argument))
    else:
        raise Injected
