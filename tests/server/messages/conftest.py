"""Parties, the outside and a movable clock for the stories of messages."""

from collections.abc import Callable, Iterator

import pytest

from server import clock
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, Outside


@pytest.fixture
def world(database: Engine) -> MessageWorld:
    return MessageWorld()


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Move the clock to so long after the real one: later(minutes=9)."""

    def move(*, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        clock.set_offset(seconds + minutes * 60 + hours * 3600)

    yield move
    clock.set_offset(0)
