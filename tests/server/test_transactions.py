"""A transaction that lost to another is run again, for as long as it may."""

import time

import pytest
from tortoise.exceptions import OperationalError

from server.errors import Unavailable
from server.transactions import retried


class Losing:
    """Loses every time to a lock that somebody else has."""

    def __init__(self) -> None:
        self.tries = 0

    async def __call__(self) -> None:
        self.tries += 1
        raise OperationalError("database is locked")


async def test_it_is_tried_four_times() -> None:
    losing = Losing()

    with pytest.raises(Unavailable):
        await retried(losing)

    assert losing.tries == 4


async def test_none_is_begun_again_too_late() -> None:
    losing = Losing()

    with pytest.raises(Unavailable):
        await retried(losing, until=time.monotonic())

    assert losing.tries == 1
