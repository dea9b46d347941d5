"""The service as an operator runs it, on a MariaDB and a Redis of its own: what the soak torments."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from server.appointments.slots import Slot
from server.businesses import catalogue
from server.businesses.editions import store_editions
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.slots import RedisSlots
from server.run.schema import apply_migrations
from server.run.tether import tethered
from tests.engines.engine import Engine
from tests.engines.family import family_of
from tests.engines.servers import MariaDB, RedisServer, Server, free_ports
from tests.server.http.waiting import until
from tests.world import World

_ROOT = Path(__file__).parents[2]
PREFIX = "soak"


@dataclass
class Town:
    """`engine`'s database is open in this process too. `process` is the supervisor."""

    engine: Engine
    mariadb: MariaDB
    redis: RedisServer
    port: int
    process: "subprocess.Popen[bytes]"
    http: aiohttp.ClientSession
    world: World

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def simulator(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def servers(self) -> dict[str, Server]:
        return {"mariadb": self.mariadb, "redis": self.redis}

    def slots(self) -> list[Slot]:
        """Few enough to be fought over: two days, two slots each."""
        days = (self.world.day, self.world.other_day)
        return [self.world.slot(on, start) for on in days for start in ("09:00", "10:00")]

    def children(self, module: str) -> list[int]:
        """Pids of the supervisor's children that run this module."""
        return [pid for pid, command in family_of(self.process.pid).items() if module in command]

    async def is_whole(self) -> bool:
        try:
            async with self.http.get(f"{self.url}/healthz/ready") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            return False


@asynccontextmanager
async def running_town(folder: Path) -> AsyncIterator[Town]:
    (folder / "mariadb").mkdir()
    (folder / "redis").mkdir()
    mariadb, redis = MariaDB(folder / "mariadb", durable=True), RedisServer(folder / "redis")
    async with AsyncExitStack() as stack:
        for server in (mariadb, redis):
            await asyncio.to_thread(server.start)
            stack.callback(server.kill)
        engine = Engine("soak", folder, mariadb.create_database("soak"), redis, mariadb)
        await apply_migrations(engine.orm())
        await stack.enter_async_context(engine.opened())
        await store_editions(catalogue())
        door = await stack.enter_async_context(RedisDoor(redis.url, prefix=PREFIX))
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)))
        port = free_ports(2)
        process = _start(engine, port)
        stack.callback(_stop, process)
        world = World(catalogue().businesses["registration"].desk, RedisSlots(door))
        town = Town(engine, mariadb, redis, port, process, http, world)
        try:
            await until(town.is_whole, "a service that is ready", 60)
            yield town
        except AssertionError as failure:
            failure.add_note((folder / "service.log").read_text()[-8000:])
            raise


def _start(engine: Engine, port: int) -> "subprocess.Popen[bytes]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ZCGL_")}
    own = {"ZCGL_PORT": str(port), "ZCGL_REDIS_PREFIX": PREFIX, "ZCGL_LOG_LEVEL": "warning"}
    command = tethered([sys.executable, "-m", "server.run.cli", "run"])
    with (engine.home / "service.log").open("wb") as log:
        return subprocess.Popen(command, env=inherited | engine.environment() | own, cwd=_ROOT, stdout=log, stderr=log)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(timeout=30)
