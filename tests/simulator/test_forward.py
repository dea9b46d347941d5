"""The way from the pages to the service: calls, event streams, and a service that is away."""

import asyncio

import aiohttp
import pytest

from config.settings import WechatSettings
from tests.simulator.app import running_simulator
from tests.simulator.conftest import Caller, StubService

STREAM = "/service/api/v1/stream"
LISTENING = {"Accept": "text/event-stream"}
PATIENCE = 20  # seconds until a test gives up


async def test_a_call_goes_through_to_the_service_and_its_answer_comes_back(
    caller: Caller, service: StubService
) -> None:
    async with caller.http.post(
        f"{caller.url}/service/api/v1/wechat/tickets/preview?a=1", json={"nonce": "n"}, headers={"Cookie": "mine=1"}
    ) as answer:
        seen = await answer.json()

    assert answer.status == 409
    assert (seen["method"], seen["path"]) == ("POST", "/api/v1/wechat/tickets/preview?a=1")
    assert (seen["type"], seen["body"]) == ("application/json", '{"nonce": "n"}')
    assert seen["cookie"] is None


async def test_an_event_arrives_while_the_stream_is_still_open(caller: Caller, service: StubService) -> None:
    async with asyncio.timeout(PATIENCE), caller.http.get(caller.url + STREAM, headers=LISTENING) as answer:
        await service.stream.put("scanned")
        first = await answer.content.readuntil(b"\n\n")
        await service.stream.put("confirmed")
        await service.stream.put("")
        rest = await answer.content.read()

    assert (first, rest) == (b"data: scanned\n\n", b"data: confirmed\n\n")
    assert answer.headers["Content-Type"] == "text/event-stream"


async def test_a_listener_who_leaves_is_not_waited_for(caller: Caller, service: StubService) -> None:
    async with caller.http.get(caller.url + STREAM, headers=LISTENING) as answer:
        await service.stream.put("waiting")
        await answer.content.readuntil(b"\n\n")

    async with asyncio.timeout(PATIENCE):
        await service.listeners_gone.wait()


@pytest.mark.parametrize("headers", [{}, LISTENING])
async def test_a_service_that_is_away_is_one_chinese_sentence(headers: dict[str, str]) -> None:
    async with (
        running_simulator(WechatSettings(), "http://127.0.0.1:9/nobody") as simulator,
        aiohttp.ClientSession() as http,
        http.get(simulator.url + STREAM, headers=headers) as answer,
    ):
        said = await answer.json()

    assert answer.status == 502
    assert said == {"code": "service_down", "message": "服务没有响应，请稍后再试"}
