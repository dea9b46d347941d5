"""Row 8: Redis is out of memory, or became a replica. As with Redis gone, the table decides alone."""

from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from tests.engines.servers import free_port
from tests.faults.parties import book_all_at_once
from tests.faults.rig import Rig


async def _fill_up_memory(redis: "Redis") -> None:
    await redis.config_set("maxmemory", 1)


async def _become_a_replica(redis: "Redis") -> None:
    await redis.execute_command("REPLICAOF", "127.0.0.1", free_port())


@pytest.mark.parametrize("spoil", [_fill_up_memory, _become_a_replica])
async def test_the_table_decides_alone(spoil: Callable[["Redis"], Awaitable[None]], rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other, Redis.from_url(rig.redis.url) as redis:
        await spoil(redis)

        statuses = await book_all_at_once(await rig.orders(20), [one.url, other.url], rig.slot)

        assert sorted(statuses) == [201] * 12 + [409] * 8
        await rig.check()
