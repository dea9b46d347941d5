"""A real web process on a real socket, with the simulated WeChat beside it; its log is read as an operator reads it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from config.settings import WechatSettings
from server.gateways.redis.client import RedisDoor
from server.run.tether import tethered
from tests.engines.engine import Engine
from tests.engines.servers import free_port
from tests.server.http.waiting import until
from tests.simulator.app import Simulator, running_simulator

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Site:
    """The service as its clients meet it, and what stands behind it. `log` is the process's whole output."""

    engine: Engine
    simulator: Simulator
    folder: Path
    prefix: str
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / f"web-{self.port}.log"

    @property
    def mark(self) -> int:
        """Where the log ends now."""
        return self.log.stat().st_size

    def lines(self, since: int = 0) -> Iterator[dict[str, Any]]:
        """The log from byte `since` on, line by line; a line that is not JSON is a fault of its own."""
        for line in self.log.read_bytes()[since:].splitlines():
            yield json.loads(line)

    @asynccontextmanager
    async def redis(self) -> AsyncIterator[RedisDoor]:
        """The site's own names in Redis."""
        async with RedisDoor(self.engine.redis.url, prefix=self.prefix) as door:
            yield door

    @asynccontextmanager
    async def served(self) -> AsyncIterator["Site"]:
        """One web process until left."""
        process = self._start()
        try:
            await until(lambda: self._alive(process), f"an answer of {self.url}, see {self.log}")
            yield self
        finally:
            self._end(process)

    def beside(self, **settings: str) -> "Site":
        """Another web process of the same service: the same engines, the same names in Redis."""
        return replace(self, port=free_port(), settings=self.settings | settings)

    def _start(self) -> "subprocess.Popen[bytes]":
        command = tethered([sys.executable, "-m", "server.run.web"])
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=self.environment(), cwd=_ROOT, stdout=log, stderr=log)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        """Within 15 s of TERM; a process that does not end, or was stopped, says where each of its threads stands."""
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            process.send_signal(signal.SIGCONT)
            process.wait()
            raise AssertionError(f"15 s passed without an end of {self.url}:\n{self.log.read_text()[-5000:]}") from None

    def environment(self) -> dict[str, str]:
        """Of one process of this service."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ZCGL_")}
        chosen = {
            "port": str(self.port),
            "redis_prefix": self.prefix,
            "wechat__base_url": self.simulator.url,
            "proxies": "1",  # each request of the tests says from where it comes
        }
        own = {f"ZCGL_{name.upper()}": text for name, text in (chosen | self.settings).items()}
        return inherited | self.engine.environment() | own | {"PYTHONFAULTHANDLER": "1"}

    async def _alive(self, process: "subprocess.Popen[bytes]") -> bool:
        assert process.poll() is None, self.log.read_text()
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.url}/healthz/live") as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False


@asynccontextmanager
async def running_site(engine: Engine, folder: Path, **settings: str) -> AsyncIterator[Site]:
    """A service of one web process and a WeChat of its own; `settings` as the ZCGL_ variables without their prefix."""
    async with running_simulator(WechatSettings(), "http://127.0.0.1:9/nobody") as simulator:
        site = Site(engine, simulator, folder, f"h{uuid4().hex[:12]}", settings)
        simulator.pushes.callback_url = f"{site.url}/wechat/official-account/callback"
        async with site.served():
            yield site
