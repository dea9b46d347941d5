"""A world of parties for the stories of accounts, and a clock that moves."""

from collections.abc import Callable, Iterator

import pytest

from server import clock
from server.accounts import passwords
from tests.engines.engine import Engine
from tests.fakes_accounts import CountingHasher, World


@pytest.fixture
def world(database: Engine) -> World:
    return World()


@pytest.fixture
def arena(engine: Engine) -> World:
    """A world on real engines of both kinds, for what differs by engine."""
    return World()


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Move the clock to so long after the real one: later(minutes=31)."""

    def move(*, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        clock.set_offset(seconds + minutes * 60 + hours * 3600)

    yield move
    clock.set_offset(0)


@pytest.fixture
def hasher() -> Iterator[CountingHasher]:
    """What all passwords are hashed by in this test."""
    counting = CountingHasher()
    former = passwords.use(counting)
    yield counting
    passwords.use(former)
