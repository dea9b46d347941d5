"""A rig for every row of the failure matrix (reliability §1)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.businesses import catalogue
from server.businesses.editions import store_editions
from tests.engines.servers import MariaDB, RedisServer
from tests.faults.rig import Rig, running_rig


@pytest.fixture
async def rig(mariadb: MariaDB, tmp_path: Path) -> AsyncIterator[Rig]:
    """On the session's MariaDB, in a database of its own, with a Redis of its own."""
    redis = RedisServer(tmp_path)
    redis.start()
    async with running_rig(mariadb, redis, tmp_path) as rig:
        await store_editions(catalogue())
        yield rig
    redis.kill()


@pytest.fixture
async def mortal_rig(own_mariadb: MariaDB, tmp_path: Path) -> AsyncIterator[Rig]:
    """On a durable MariaDB that may be killed."""
    redis = RedisServer(tmp_path)
    redis.start()
    async with running_rig(own_mariadb, redis, tmp_path) as rig:
        await store_editions(catalogue())
        yield rig
    redis.kill()
