"""The cluster as the soak's crowd knows a town: its address, the slots to fight over, whether it is whole."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from server.appointments.slots import Slot
from server.businesses import catalogue
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.slots import RedisSlots
from tests.cluster.stage import PREFIX, Stage
from tests.world import World


@dataclass
class ClusterTown:
    stage: Stage
    http: aiohttp.ClientSession
    world: World
    answers: Counter[int]  # by status, of everybody's requests; 0 where none came

    @property
    def url(self) -> str:
        return self.stage.nginx.url

    @property
    def simulator(self) -> str:
        return self.stage.simulator.url

    def slots(self) -> list[Slot]:
        """Those of a soak, and none that the demo wants: it books at 10:00 of the first day it can."""
        days = (self.world.day, self.world.other_day)
        return [self.world.slot(on, start) for on in days for start in ("09:00", "13:30")]

    async def is_whole(self) -> bool:
        """Every web process is ready, and so says nginx."""
        urls = [self.url, *(web.url for web in self.stage.webs)]
        return all([await self._is_ready(url) for url in urls])

    async def _is_ready(self, url: str) -> bool:
        try:
            async with self.http.get(f"{url}/healthz/ready") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            return False


@asynccontextmanager
async def town_of(stage: Stage) -> AsyncIterator[ClusterTown]:
    """With the cluster's database open in this process too."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(stage.engine.opened())
        door = await stack.enter_async_context(RedisDoor(stage.redis.url, prefix=PREFIX))
        answers: Counter[int] = Counter()
        timeout, counting = aiohttp.ClientTimeout(total=15), [counting_into(answers)]
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout, trace_configs=counting))
        world = World(catalogue().businesses["registration"].desk, RedisSlots(door))
        yield ClusterTown(stage, http, world, answers)


def counting_into(answers: Counter[int]) -> aiohttp.TraceConfig:
    async def answered(_: Any, __: Any, end: aiohttp.TraceRequestEndParams) -> None:
        answers[end.response.status] += 1

    async def lost(_: Any, __: Any, end: aiohttp.TraceRequestExceptionParams) -> None:
        answers[0] += 1

    config = aiohttp.TraceConfig()
    config.on_request_end.append(answered)
    config.on_request_exception.append(lost)
    return config
