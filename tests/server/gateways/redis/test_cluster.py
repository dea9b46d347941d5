"""The same gateways on a Redis Cluster: keys on different nodes, a killed master, a cluster that is down."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import date

import pytest

from server.appointments.slots import UNKNOWN, Held, Slot
from server.gateways.redis.client import RedisDoor, RedisDown
from server.gateways.redis.limits import RedisLimiter
from server.gateways.redis.news import DESKS, hearing
from server.gateways.redis.sessions import RedisSessionViews
from server.gateways.redis.slots import RedisSlots
from tests.cluster.redis_cluster import RedisCluster
from tests.engines.servers import scratch_folder

TEN = Slot("602", date(2026, 11, 30), "10:00")


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    folder = scratch_folder()
    cluster = RedisCluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)


@pytest.fixture
async def door(cluster: RedisCluster) -> AsyncIterator[RedisDoor]:
    async with RedisDoor(cluster.url, prefix="test") as door:
        await door.call(lambda redis: redis.flushall())
        yield door


async def test_twelve_places_are_held_exactly_once(door: RedisDoor) -> None:
    slots = RedisSlots(door)
    assert await slots.take(TEN, "t0", 1) is UNKNOWN
    await slots.fill(TEN, 12, [])

    answers = await asyncio.gather(*(slots.take(TEN, f"t{n}", 1) for n in range(30)))

    assert sorted(a.places[0] for a in answers if isinstance(a, Held)) == list(range(1, 13))


async def test_events_whose_keys_live_on_different_nodes_are_counted_in_one_call(door: RedisDoor) -> None:
    limiter = RedisLimiter(door)

    waits = await asyncio.gather(*(limiter.hit(f"account-{n % 10}", limit=2, seconds=60) for n in range(30)))

    assert sum(wait > 0 for wait in waits) == 10


async def test_views_of_different_accounts_are_read_in_one_call(door: RedisDoor) -> None:
    views = RedisSessionViews(door)
    await asyncio.gather(*(views.raise_epoch(f"tag{n}", n + 1) for n in range(10)))

    found = await asyncio.gather(*(views.get(f"tag{n}", "hash") for n in range(10)))

    assert found == [None] * 10
    assert not door.had_error_within(60)


async def test_what_one_process_changes_the_other_hears(door: RedisDoor, cluster: RedisCluster) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listening = asyncio.Event()
    async with (
        RedisDoor(cluster.url, prefix="test") as other,
        hearing(other, {DESKS: heard.put_nowait}, listening.set),
    ):
        await listening.wait()

        await RedisSlots(door).drop(TEN)

        async with asyncio.timeout(5):
            assert await heard.get() == TEN.desk


async def test_slots_that_moved_are_followed_without_an_error(door: RedisDoor, cluster: RedisCluster) -> None:
    """The old master answers MOVED as soon as it hears of its heir."""
    key = "test:{a slot that moves}"
    await door.call(lambda redis: redis.set(key, 1))
    port = door.client.get_node_from_key(key).port  # type: ignore[attr-defined]
    heir = next(node for node in cluster.nodes if not node.is_master() and node.follows(port))

    heir.take_over()
    cluster.wait_for_replicas()

    assert await door.call(lambda redis: redis.set(key, 2))
    assert not door.had_error_within(60)


async def test_a_killed_master_is_met_once_and_its_replica_found(door: RedisDoor, cluster: RedisCluster) -> None:
    slots = RedisSlots(door)
    key = slots.slot_key(TEN)
    await slots.fill(TEN, 12, [(1, "row")])
    port = door.client.get_node_from_key(key).port  # type: ignore[attr-defined]
    victim = next(node for node in cluster.nodes if node.port == port)

    victim.kill()
    with pytest.raises(RedisDown):
        await door.call(lambda redis: redis.delete(key))
    await until(door, key, answered=True)
    victim.start()
    cluster.wait_for_replicas()

    assert not victim.is_master()


async def test_a_cluster_that_lost_its_majority_is_down(door: RedisDoor, cluster: RedisCluster) -> None:
    key = "test:{of a living master}"
    await door.ping()
    masters = [node for node in cluster.nodes if node.is_master()]
    for node in masters[:2]:
        node.freeze()
    try:
        await until(door, key, answered=False)

        async with RedisDoor(cluster.url, prefix="test") as fresh:
            with pytest.raises(RedisDown):
                await fresh.call(lambda redis: redis.delete(key))
    finally:
        for node in masters[:2]:
            node.thaw()


async def until(door: RedisDoor, key: str, *, answered: bool) -> None:
    """The circuit probes once a second; a cluster takes two to elect."""
    async with asyncio.timeout(30):
        while await answers(door, key) is not answered:  # noqa: ASYNC110 - no bell rings here for another process
            await asyncio.sleep(0.1)


async def answers(door: RedisDoor, key: str) -> bool:
    try:
        await door.call(lambda redis: redis.delete(key))
    except RedisDown:
        return False
    return True
