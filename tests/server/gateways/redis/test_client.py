"""The door to Redis: names, the circuit, and what a cancelled command leaves behind."""

import asyncio
import time
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from redis.exceptions import TimeoutError as RedisTimeout

from server.gateways.redis.client import CONNECTIONS, SKIP_SECONDS, TIMEOUT_SECONDS, RedisDoor, RedisDown
from server.run import valkey
from tests.engines.servers import RedisServer
from tests.server.gateways.redis.conftest import Clock


async def _ping(redis: Redis) -> bool:
    return bool(await redis.ping())


class Unreachable:
    """An operation that counts how often it was tried and fails until it is told to work."""

    def __init__(self) -> None:
        self.tries = 0
        self.works = False

    async def __call__(self, _: Redis) -> str:
        self.tries += 1
        if not self.works:
            raise ConnectionResetError
        return "done"


def test_keys_of_one_desk_share_a_hash_tag() -> None:
    door = RedisDoor("redis://127.0.0.1:1", prefix="zcgl")

    assert door.key("slot", str(date(2026, 11, 24)), "10:00", tag="main") == "zcgl:slot:{main}:2026-11-24:10:00"
    assert door.key("told", "ab", tag="main") == "zcgl:told:{main}:ab"
    assert door.key("limit", "login:x") == "zcgl:limit:login:x"


async def test_an_operation_gets_the_client_and_its_result_comes_back(door: RedisDoor) -> None:
    await door.call(lambda redis: redis.set(door.key("a"), "1"))

    assert await door.call(lambda redis: redis.get(door.key("a"))) == b"1"


async def test_a_socket_is_an_address_too(tmp_path: Path) -> None:
    socket = valkey.socket_path(tmp_path)
    valkey.prepare_socket(socket)
    process = await asyncio.create_subprocess_exec(*valkey.command(socket=socket, folder=tmp_path))
    try:
        assert await valkey.wait_until_answering(socket)
        async with RedisDoor(f"unix://{socket}", prefix="t") as door:
            await door.ping()
    finally:
        process.kill()
        await process.wait()


async def test_after_an_error_redis_is_skipped_then_asked_again(own_door: RedisDoor, clock: Clock) -> None:
    operation = Unreachable()
    for _ in range(5):
        with pytest.raises(RedisDown):
            await own_door.call(operation)
    assert operation.tries == 1

    clock.time += SKIP_SECONDS
    operation.works = True
    assert await own_door.call(operation) == "done"
    assert await own_door.call(operation) == "done"


async def test_while_one_request_probes_the_others_go_without(own_door: RedisDoor, clock: Clock) -> None:
    with pytest.raises(RedisDown):
        await own_door.call(Unreachable())
    clock.time += SKIP_SECONDS
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow(_: Redis) -> str:
        asked.set()
        await answer.wait()
        return "done"

    probe = asyncio.create_task(own_door.call(slow))
    await asked.wait()
    with pytest.raises(RedisDown):
        await own_door.ping()

    answer.set()
    assert await probe == "done"
    await own_door.ping()


async def test_redis_py_does_not_repeat_by_itself() -> None:
    """Three repeats, as it does by default, would cost more than the path without Redis allows."""
    connections = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with RedisDoor(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", prefix="t") as door:
        with pytest.raises(RedisDown):
            await door.ping()
    server.close()
    await server.wait_closed()

    assert connections <= 2  # the second where the first was seen to be closed before it was used


async def test_a_cancelled_probe_leaves_the_next_one_to_somebody_else(own_door: RedisDoor, clock: Clock) -> None:
    with pytest.raises(RedisDown):
        await own_door.call(Unreachable())
    clock.time += SKIP_SECONDS
    started = asyncio.Event()

    async def hang(_: Redis) -> None:
        started.set()
        await asyncio.Event().wait()

    probe = asyncio.create_task(own_door.call(hang))
    await started.wait()
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)

    assert await own_door.call(_ping)


async def test_an_error_is_remembered_for_as_long_as_it_is_asked_for(own_door: RedisDoor, clock: Clock) -> None:
    assert not own_door.had_error_within(15)
    with pytest.raises(RedisDown):
        await own_door.call(Unreachable())

    clock.time += 14.9
    assert own_door.had_error_within(15)
    clock.time += 0.2
    assert not own_door.had_error_within(15)


async def test_a_timeout_that_fired_late_is_the_process_s_own_fault_and_tried_once_more(own_door: RedisDoor) -> None:
    tries = 0

    async def stalled(_: Redis) -> str:
        nonlocal tries
        tries += 1
        if tries > 1:
            return "done"
        _be_busy(2 * TIMEOUT_SECONDS)  # the time was over before the reply could be read
        raise RedisTimeout

    assert await own_door.call(stalled) == "done"
    assert not own_door.had_error_within(15)


async def test_a_timeout_that_fired_in_time_opens_the_circuit(own_door: RedisDoor) -> None:
    tries = 0

    async def silent(_: Redis) -> str:
        nonlocal tries
        tries += 1
        raise RedisTimeout

    with pytest.raises(RedisDown):
        await own_door.call(silent)
    assert tries == 1


def _be_busy(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


async def test_a_server_that_never_answers_is_down(silent_url: str) -> None:
    async with RedisDoor(silent_url, prefix="t") as door:
        outcomes = await asyncio.gather(*(door.call(_ping) for _ in range(5 * CONNECTIONS)), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {RedisDown}


async def test_nobody_waits_for_a_turn_once_the_circuit_is_open(silent_url: str) -> None:
    tries = 0

    async def count(redis: Redis) -> bool:
        nonlocal tries
        tries += 1
        return await _ping(redis)

    async with RedisDoor(silent_url, prefix="t") as door:
        await asyncio.gather(*(door.call(count) for _ in range(10 * CONNECTIONS)), return_exceptions=True)

    assert tries <= 2 * CONNECTIONS  # twice only where this process was too busy to notice in time


async def test_killed_and_back(own_server: RedisServer, own_door: RedisDoor, clock: Clock) -> None:
    await own_door.ping()

    own_server.kill()
    with pytest.raises(RedisDown):
        await own_door.ping()

    own_server.start()
    clock.time += SKIP_SECONDS
    await own_door.ping()


async def test_frozen_and_back(own_server: RedisServer, own_door: RedisDoor, clock: Clock) -> None:
    await own_door.ping()

    own_server.freeze()
    with pytest.raises(RedisDown):
        await own_door.ping()

    own_server.thaw()
    clock.time += SKIP_SECONDS
    await own_door.ping()


@pytest.mark.parametrize("setting", [("maxmemory", "1"), ("min-replicas-to-write", "1")], ids=["OOM", "NOREPLICAS"])
async def test_a_server_that_takes_no_writes_is_down(own_door: RedisDoor, setting: tuple[str, str]) -> None:
    await own_door.call(lambda redis: redis.config_set(*setting))

    with pytest.raises(RedisDown):
        await own_door.call(lambda redis: redis.set("a", "1"))


async def test_a_read_only_replica_is_down(own_door: RedisDoor) -> None:
    await own_door.call(lambda redis: redis.replicaof("127.0.0.1", 1))

    with pytest.raises(RedisDown):
        await own_door.call(lambda redis: redis.set("a", "1"))


async def test_a_cancelled_command_never_hands_out_another_one_s_reply(door: RedisDoor) -> None:
    async def echo(name: str) -> str:
        reply = await door.call(lambda redis: redis.echo(name))
        assert isinstance(reply, bytes)
        return reply.decode()

    cancelled = turn = 0
    while cancelled < 1000:  # a full pool in flight each time, cancelled a little later each time
        turn += 1
        tasks = [asyncio.create_task(echo(uuid4().hex)) for _ in range(CONNECTIONS)]
        for _ in range(1 + turn % 10):
            await asyncio.sleep(0)
        cancelled += sum(task.cancel() for task in tasks)
        asked = [uuid4().hex for _ in range(CONNECTIONS)]
        assert await asyncio.gather(*map(echo, asked)) == asked
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_connections_are_not_more_than_the_pool_has(door: RedisDoor, redis_prefix: str) -> None:
    await asyncio.gather(*(door.ping() for _ in range(500)))

    clients = await door.call(lambda redis: redis.client_list())
    assert len(clients) <= CONNECTIONS
