"""The connections to the SMS service: whoever does not get one has sent nothing."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from config.settings import Settings, TencentSmsSettings
from server.gateways.sms import connect
from server.gateways.sms.connect import open_sms
from server.messages.channels import InDoubt, TryLater
from tests.server.gateways.sms.test_channel import OUTGOING


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    """The address of a service that takes every request and answers none."""
    closing = asyncio.Event()

    async def handle(_: web.Request) -> web.Response:
        await closing.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    closing.set()
    await runner.cleanup()


async def test_who_waits_in_vain_for_a_connection_has_sent_nothing(
    silent: str, setup: TencentSmsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "_CONNECTIONS", 1)
    monkeypatch.setattr(connect, "_TIMEOUT", hurried(connect._TIMEOUT, 10))
    settings = Settings(sms="tencent", sms_tencent=setup.model_copy(update={"base_url": silent}))

    async with open_sms(settings) as sms:
        first, second = await asyncio.gather(sms.channel.send(OUTGOING), sms.channel.send(OUTGOING))

    assert isinstance(first, InDoubt)
    assert isinstance(second, TryLater)


def hurried(timeout: aiohttp.ClientTimeout, times: int) -> aiohttp.ClientTimeout:
    """The same limits, so many times as short."""
    named = ("total", "connect", "sock_connect", "sock_read")
    limits = {name: getattr(timeout, name) for name in named}
    return aiohttp.ClientTimeout(**{name: limit and limit / times for name, limit in limits.items()})
