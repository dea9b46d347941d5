"""A database of its own and a world of parties for the stories of accounts."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from tortoise import Tortoise

from models.orm import orm_config
from server import clock, crypto
from tests.fakes_accounts import World


@pytest.fixture(scope="module")
async def database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    crypto.use(crypto.Keyring({"k1": b"1" * 32}, "k1", b"i" * 32, b"p" * 32))
    home = tmp_path_factory.mktemp("accounts")
    await Tortoise.init(config=orm_config("", home, 5), _enable_global_fallback=True)
    await Tortoise.generate_schemas()
    yield home / "zcgl.sqlite3"
    await Tortoise.close_connections()


@pytest.fixture
def world(database: Path) -> World:
    return World()


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Move the clock to so many seconds after the real one: later(minutes=31)."""

    def move(*, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        clock.set_offset(seconds + minutes * 60 + hours * 3600)

    yield move
    clock.set_offset(0)
