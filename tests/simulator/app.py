"""The simulator put together: `running_simulator` for tests, `python -m tests.simulator` for people."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from config.settings import WechatSettings
from server import clock
from tests.simulator.api.routes import api_routes
from tests.simulator.control import Control
from tests.simulator.faults import Faults
from tests.simulator.platform import Platform
from tests.simulator.pushes import Pushes
from tests.simulator.web_pages import WebPages, protect


@dataclass(frozen=True)
class Simulator:
    """A running one. In the same process a test may look at and turn its parts directly."""

    url: str
    platform: Platform
    faults: Faults
    pushes: Pushes


@asynccontextmanager
async def running_simulator(
    setup: WechatSettings,
    callback_url: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    now: Callable[[], float] = lambda: clock.now().timestamp(),
) -> AsyncIterator[Simulator]:
    """Serves on `port` (0: any free one) until left. The service is reached at the origin of `callback_url`."""
    listening = _listen(host, port)
    url = f"http://{host}:{listening.getsockname()[1]}"
    platform, faults = Platform(setup, url, now=now), Faults()
    async with aiohttp.ClientSession() as http:
        pushes = Pushes(platform, faults, http, callback_url)
        runner = web.AppRunner(_assemble(platform, faults, pushes, http), access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        try:
            yield Simulator(url, platform, faults, pushes)
        finally:
            await pushes.stop()
            await runner.cleanup()


def _assemble(platform: Platform, faults: Faults, pushes: Pushes, http: aiohttp.ClientSession) -> web.Application:
    service = urlsplit(pushes.callback_url)
    app = web.Application(client_max_size=1024**2)
    api = api_routes(platform, faults, pushes)
    app.on_response_prepare.append(partial(protect, api={route.path for route in api}))
    app.add_routes(api)
    app.add_routes(Control(platform, faults, pushes).routes())
    app.add_routes(WebPages(http, f"{service.scheme}://{service.netloc}", platform.setup).routes())
    return app


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening
