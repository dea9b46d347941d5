"""A world of parties for the stories of the register."""

import pytest

from tests.engines.engine import Engine
from tests.fakes_accounts import World


@pytest.fixture
def world(database: Engine) -> World:
    return World()
