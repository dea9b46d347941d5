"""A thousand sends at once: a dead token costs at most two token calls a process, and nobody's message is lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from config.settings import WechatSettings
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.token import RedisTokenShelf
from server.gateways.wechat.channel import OfficialAccountChannel
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.errors import ApiError
from server.messages.channels import Outgoing, Sent
from tests.engines.engine import Engine
from tests.engines.servers import python
from tests.server.gateways.wechat.conftest import template_message
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault

CROWD = 1000
SENDS, TOKENS, SHOWN = "cgi-bin/message/template/send", "cgi-bin/stable_token", "template/send visible"


@pytest.fixture
def crowd(simulator: Simulator) -> list[str]:
    simulator.platform.switches.receipts = False
    return [phone.openid for phone in simulator.platform.add_crowd(CROWD, follows=True, credits={})]


@pytest.fixture
async def processes(
    setup: WechatSettings, simulator: Simulator, http: aiohttp.ClientSession, running_engine: Engine, redis_prefix: str
) -> AsyncIterator[list[AsyncWechatClient]]:
    """Two, each with its own connections to the one Redis where their token lies."""
    app, url = setup.official_account, running_engine.redis.url
    async with RedisDoor(url, prefix=redis_prefix) as one, RedisDoor(url, prefix=redis_prefix) as other:
        shelves = [RedisTokenShelf(door, app.appid) for door in (one, other)]
        yield [AsyncWechatClient(app, simulator.url, http, shelf) for shelf in shelves]


async def send_all(clients: list[AsyncWechatClient], crowd: list[str]) -> list[str]:
    sends = (clients[n % len(clients)].send_template(template_message(openid, n)) for n, openid in enumerate(crowd))
    return await asyncio.gather(*sends)


def outgoing(openid: str, number: int) -> Outgoing:
    return Outgoing(UUID(int=number), openid, "文字", "progress", {"thing1": "预约成功"}, "", f"d-{number}")


def everybody_has_one(simulator: Simulator, crowd: list[str]) -> bool:
    return all(len(simulator.platform.phone(openid).messages) == 1 for openid in crowd)


async def some_have_theirs(simulator: Simulator, sending: asyncio.Future[Any]) -> None:
    while simulator.platform.counters[SHOWN] < CROWD // 3:
        assert not sending.done(), sending.result()
        await asyncio.sleep(0.01)


async def test_on_a_dead_token(simulator: Simulator, client: AsyncWechatClient, crowd: list[str]) -> None:
    await client.create_qr("warm", 60)
    simulator.platform.tokens[client.appid].kill()

    msgids = await send_all([client], crowd)

    assert len(set(msgids)) == CROWD
    assert everybody_has_one(simulator, crowd)
    assert simulator.platform.counters[TOKENS] == 2
    assert simulator.platform.counters[SENDS] <= 2 * CROWD


async def test_of_a_channel_only_those_in_flight_ask_twice(
    simulator: Simulator, client: AsyncWechatClient, crowd: list[str]
) -> None:
    channel = OfficialAccountChannel(client, {"progress": "TEMPLATE-PROGRESS"}, at_once=32)
    await client.create_qr("warm", 60)
    simulator.platform.tokens[client.appid].kill()

    outcomes = await asyncio.gather(*(channel.send(outgoing(openid, n)) for n, openid in enumerate(crowd)))

    assert {type(outcome) for outcome in outcomes} == {Sent}
    assert everybody_has_one(simulator, crowd)
    assert simulator.platform.counters[TOKENS] == 2
    assert simulator.platform.counters[SENDS] <= CROWD + 32


async def test_on_a_token_that_dies_in_the_middle(
    simulator: Simulator, client: AsyncWechatClient, crowd: list[str]
) -> None:
    sending = asyncio.create_task(send_all([client], crowd))
    await some_have_theirs(simulator, sending)
    simulator.platform.tokens[client.appid].kill()

    await sending

    assert everybody_has_one(simulator, crowd)
    assert simulator.platform.counters[TOKENS] == 2


async def test_two_processes_at_a_cold_start(
    simulator: Simulator, processes: list[AsyncWechatClient], crowd: list[str]
) -> None:
    await send_all(processes, crowd)

    assert everybody_has_one(simulator, crowd)
    assert simulator.platform.counters[TOKENS] == 1


async def test_two_processes_on_a_token_that_dies_in_the_middle(
    simulator: Simulator, processes: list[AsyncWechatClient], crowd: list[str]
) -> None:
    sending = asyncio.create_task(send_all(processes, crowd))
    await some_have_theirs(simulator, sending)
    simulator.platform.tokens[processes[0].appid].kill()

    await sending

    assert everybody_has_one(simulator, crowd)
    assert 2 <= simulator.platform.counters[TOKENS] <= 4


async def test_two_real_processes_on_a_token_that_dies_in_the_middle(
    simulator: Simulator, running_engine: Engine, redis_prefix: str, crowd: list[str]
) -> None:
    where = (simulator.url, running_engine.redis.url, redis_prefix)
    halves = (crowd[::2], crowd[1::2])

    running = asyncio.gather(*(run_alone(*where, openids=half) for half in halves))
    await some_have_theirs(simulator, running)
    simulator.platform.tokens[simulator.platform.setup.official_account.appid].kill()
    codes = await running

    assert codes == [0, 0]
    assert everybody_has_one(simulator, crowd)
    assert 2 <= simulator.platform.counters[TOKENS] <= 4


async def run_alone(*where: str, openids: list[str]) -> int | None:
    """Another process sends to these; its exit code, 0 when nobody was lost."""
    command = python("-m", "tests.server.gateways.wechat.sending", *where)
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
    await process.communicate(" ".join(openids).encode())
    return process.returncode


async def test_on_a_token_that_is_called_bad_for_ever(
    simulator: Simulator, client: AsyncWechatClient, crowd: list[str]
) -> None:
    simulator.faults.add(Fault(endpoint="template/send", errcode=40001, times=10 * CROWD))

    results = await asyncio.gather(
        *(client.send_template(template_message(openid)) for openid in crowd), return_exceptions=True
    )

    assert {type(result) for result in results} == {ApiError}
    assert simulator.platform.counters[SENDS] == 2 * CROWD
    assert simulator.platform.counters[TOKENS] == 2
