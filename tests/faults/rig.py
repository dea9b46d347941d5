"""A service of two web processes on a MariaDB and a Redis of its own, each behind a proxy that can fail."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import aiohttp

from config.settings import WechatSettings
from models.accounts import WechatApp, WechatBinding
from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.appointments.hold import load
from server.appointments.places import read_slot
from server.appointments.slots import Slot
from server.businesses import catalogue
from server.failpoints import Point
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.slots import RedisSlots
from server.run.schema import apply_migrations
from server.run.tether import tethered
from tests.engines.engine import Engine
from tests.engines.proxy import Proxy, proxy_to
from tests.engines.servers import MariaDB, RedisServer
from tests.faults.ledger import CAPACITY, Ledger
from tests.faults.parties import Client, Order, logged_in
from tests.server.http.site import Site
from tests.server.http.waiting import until
from tests.simulator.app import running_simulator
from tests.world import World

A_LEASE_LATER = "61"  # seconds by which the clock of the next worker is ahead
ONE_HOLD = 22.0  # seconds of patience for what must be so one hold time (15 s) later


@dataclass
class Rig:
    """`processes` are started by the test with `serve`; whatever they do goes through the two proxies."""

    engine: Engine
    mariadb: MariaDB
    redis_proxy: Proxy
    database_proxy: Proxy
    http: aiohttp.ClientSession
    site: Site
    world: World
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def redis(self) -> RedisServer:
        return self.engine.redis

    @property
    def slot(self) -> Slot:
        return self.world.slot()

    @asynccontextmanager
    async def serve(self, switches: str = "", **settings: str) -> AsyncIterator[Site]:
        """One more web process; with failpoints if `switches` name any."""
        async with self.site.beside(switches=switches, **settings).served() as site:
            yield site

    @asynccontextmanager
    async def work(self, switches: str = "", **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """One worker process."""
        site = self.site.beside(switches=switches, **settings)
        with (self.engine.home / "worker.log").open("ab") as log:
            command = tethered([sys.executable, "-m", "server.run.worker"])
            process = await asyncio.create_subprocess_exec(*command, env=site.environment(), stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            async with asyncio.timeout(15):
                await process.wait()

    async def phone_of(self, client: Client) -> str:
        """A phone that follows the service account and is bound to the client's account; its openid."""
        openid = self.site.simulator.platform.add_phone("手机", follows=True).openid
        app = WechatApp.OFFICIAL_ACCOUNT
        await WechatBinding.create(created_at=clock.now(), app=app, openid=openid, account_id=client.account_id)
        return openid

    async def has_sent(self) -> bool:
        """WeChat accepted a delivery, and that is recorded."""
        states = (DeliveryState.SENT, DeliveryState.DELIVERED)
        return await Delivery.filter(channel=Channel.WECHAT, state__in=states).exists()

    def shown_on(self, openid: str) -> int:
        """How many template messages this phone shows."""
        return sum(message.kind == "template" for message in self.site.simulator.platform.phone(openid).messages)

    async def client(self) -> Client:
        return await logged_in(await self.world.firm(), self.ledger, self.http)

    async def order(self, people: int = 1) -> Order:
        return await (await self.client()).order(people)

    async def orders(self, count: int, people: int = 1) -> list[Order]:
        return [await self.order(people) for _ in range(count)]

    async def check(self, *slots: Slot) -> None:
        """I1-I5 now."""
        assert await self.ledger.violations(slots or [self.slot]) == []

    async def check_after_a_hold(self, url: str, *slots: Slot) -> None:
        """I1-I5, then I7 and I6: Redis counts what the table counts, and filling up takes exactly what is free."""
        for slot in slots or (self.slot,):
            await until(lambda slot=slot: self._counts_agree(slot), f"Redis counting as the table, {slot}", ONE_HOLD)
            await self._fill_up(url, slot)
        await self.check(*slots)

    async def _counts_agree(self, slot: Slot) -> bool:
        """A view as it is, or read anew where it is not believed."""
        async with self.door() as door:
            gate = RedisSlots(door)
            [free] = await gate.count([slot])
            if free is None:
                await load(slot, gate)
                [free] = await gate.count([slot])
        return free == CAPACITY - len((await read_slot(slot))[1])

    async def _fill_up(self, url: str, slot: Slot) -> None:
        free = CAPACITY - len((await read_slot(slot))[1])
        for number in range(free + 1):
            status, answer = await (await self.order()).book(url, slot)
            assert (status, answer.get("code")) == ((201, None) if number < free else (409, "slot_full"))

    @asynccontextmanager
    async def door(self) -> AsyncIterator[RedisDoor]:
        """To Redis itself, past the proxy."""
        async with RedisDoor(self.redis.url, prefix=self.site.prefix) as door:
            yield door

    async def warm(self, url: str) -> None:
        """Have every slot looked at, so that a view is believed."""
        client = await self.client()
        status, _ = await client.send("GET", f"{url}/api/v1/appointments/grid?business=registration&people=1")
        assert status == 200

    def tell_to_stop(self, site: Site) -> None:
        """While the proxies go on: leaving `serve` holds them up until the process is gone."""
        os.kill(_pid_of(site), signal.SIGTERM)

    def wake(self, site: Site) -> None:
        """Let a process go on that a failpoint stopped."""
        os.kill(_pid_of(site), signal.SIGCONT)

    async def has_reached(self, point: Point) -> bool:
        """A process came to this failpoint and did what it was told to."""
        return (self.engine.home / "failpoints" / point).exists()

    async def is_gone(self, site: Site) -> bool:
        """Its process, not only its port."""
        return _find(site) is None

    async def has_died(self, site: Site) -> bool:
        try:
            async with self.http.get(f"{site.url}/healthz/live"):
                return False
        except aiohttp.ClientConnectorError:
            return True


def _pid_of(site: Site) -> int:
    pid = _find(site)
    assert pid is not None, f"no process serves port {site.port}"
    return pid


def _find(site: Site) -> int | None:
    wanted = f"ZCGL_PORT={site.port}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"server.run.web" in (folder / "cmdline").read_bytes() and wanted in (
                folder / "environ"
            ).read_bytes().split(b"\0"):
                return int(folder.name)
    return None


@asynccontextmanager
async def running_rig(mariadb: MariaDB, redis: RedisServer, folder: Path) -> AsyncIterator[Rig]:
    """Its database is open in this process too, past the proxy."""
    engine = Engine("rig", folder, mariadb.create_database(f"rig_{uuid4().hex[:8]}"), redis, mariadb)
    await apply_migrations(engine.orm())
    async with AsyncExitStack() as stack:
        redis_proxy = await stack.enter_async_context(proxy_to(redis.port))
        database_proxy = await stack.enter_async_context(proxy_to(mariadb.port))
        simulator = await stack.enter_async_context(running_simulator(WechatSettings(), "http://127.0.0.1:9/nobody"))
        timeout = aiohttp.ClientTimeout(total=30)
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        await stack.enter_async_context(engine.opened())
        behind = {
            "redis_url": f"redis://127.0.0.1:{redis_proxy.port}/0",
            "database_url": mariadb.url(engine.database_url.rpartition("/")[2]).replace(
                f":{mariadb.port}/", f":{database_proxy.port}/"
            ),
        }
        site = Site(engine, simulator, folder, f"f{uuid4().hex[:12]}", behind)
        desk = catalogue().businesses["registration"].desk
        door = await stack.enter_async_context(RedisDoor(redis.url, prefix=site.prefix))
        yield Rig(engine, mariadb, redis_proxy, database_proxy, http, site, World(desk, RedisSlots(door)))
