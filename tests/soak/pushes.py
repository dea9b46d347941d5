"""`python -m tests.soak.pushes COUNT`: a notice to many while WeChat misbehaves and the worker is killed every 2 s.

The bar of reliability §2: every recipient has it, nobody sees it twice inside the window.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from models.accounts import AccountKind
from models.messages import Delivery, DeliveryState
from models.notices import Notice
from models.work import Heartbeat
from server import clock, crypto
from server.audit.trail import SYSTEM
from server.businesses import catalogue
from server.businesses.editions import store_editions
from server.messages.undone import notice_occurrence
from server.notices.audience import Audience
from server.notices.drafts import NoticeText, find_notice, write_notice
from server.notices.publish import publish_notice
from server.run.schema import apply_migrations
from tests.bench.crowd import Platform, bind_crowd, simulated_wechat, start
from tests.engines.engine import KEYRING, Engine
from tests.engines.servers import MariaDB, RedisServer
from tests.server.http.waiting import until

_LIFE = 2.0  # seconds of a worker, once it beats
_RATE = 0.05  # of all calls something goes wrong with
_PATIENCE = 1200
_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.IN_DOUBT)


@dataclass(frozen=True)
class Pushed:
    recipients: int
    kills: int
    seconds: float
    states: dict[str, int]
    shown: dict[int, int]  # how many phones show the notice so many times

    @property
    def holds(self) -> bool:
        return self.shown == {1: self.recipients}


async def push_through_a_storm(count: int, seed: int, folder: Path) -> Pushed:
    async with _stage(folder) as (platform, environment):
        openids = await bind_crowd(platform, AccountKind.CUSTODY, count)
        await platform.tell("chaos", {"seed": seed, "rate": _RATE, "slowest": 0.2})
        draft = await write_notice(NoticeText("通知", "正文", Audience(kinds=(AccountKind.CUSTODY,))), SYSTEM)
        notice, began, kills = await publish_notice(draft.id, SYSTEM), time.monotonic(), 0
        while await _is_under_way(notice, count):
            kills += await _one_life(environment)
        await _finish(notice, count, environment)
        shown = await _shown(platform, openids)
        states = Counter(await _states(notice))
        return Pushed(count, kills, time.monotonic() - began, {str(s): n for s, n in states.items()}, dict(shown))


@asynccontextmanager
async def _stage(folder: Path) -> AsyncIterator[tuple[Platform, dict[str, str]]]:
    (folder / "mariadb").mkdir()
    (folder / "redis").mkdir()
    mariadb, redis = MariaDB(folder / "mariadb", durable=True), RedisServer(folder / "redis")
    async with AsyncExitStack() as stack:
        for server in (mariadb, redis):
            await asyncio.to_thread(server.start)
            stack.callback(server.kill)
        engine = Engine("pushes", folder, mariadb.create_database("pushes"), redis, mariadb)
        await apply_migrations(engine.orm())
        environment = engine.environment() | {"ZCGL_WECHAT__SENDS_PER_SECOND": "100000"}
        platform = await stack.enter_async_context(simulated_wechat(environment, folder))
        environment |= {"ZCGL_WECHAT__BASE_URL": platform.url}
        await stack.enter_async_context(engine.opened())
        await store_editions(catalogue())
        yield platform, environment


async def _one_life(environment: dict[str, str]) -> int:
    """A worker works for two seconds and is killed."""
    process = start("server.run.worker", environment)
    try:
        await until(lambda: _beats(process), "a worker that beats")
        await asyncio.sleep(_LIFE)
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)
    return 1


async def _finish(notice: Notice, count: int, environment: dict[str, str]) -> None:
    """A last worker, which lives until nothing waits."""
    process = start("server.run.worker", environment)
    try:
        await until(lambda: _is_over(notice, count), "the last delivery", _PATIENCE)
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


async def _beats(process: "subprocess.Popen[bytes]") -> bool:
    return await Heartbeat.filter(owner__endswith=f":{process.pid}").exists()


async def _is_under_way(notice: Notice, count: int) -> bool:
    """Most of it is still before the workers: the last few wait for leases of the dead."""
    return await _waiting(notice) > count // 20 or (await find_notice(notice.id)).told < count


async def _is_over(notice: Notice, count: int) -> bool:
    return (await find_notice(notice.id)).told == count and await _waiting(notice) == 0


async def _waiting(notice: Notice) -> int:
    return await Delivery.filter(occurrence=notice_occurrence(notice.id), state__in=_WAITING).count()


async def _states(notice: Notice) -> list[DeliveryState]:
    found: list[DeliveryState] = await Delivery.filter(occurrence=notice_occurrence(notice.id)).values_list(
        "state", flat=True
    )
    return found


async def _shown(platform: Platform, openids: list[str]) -> Counter[int]:
    """How many phones show so many messages."""
    found: Counter[int] = Counter()
    for openid in openids:
        async with platform.http.get(f"{platform.url}/_/phones/{openid}/messages") as answer:
            found[sum(message["kind"] == "template" for message in await answer.json())] += 1
    return found


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.soak.pushes", description="推送故障测试")
    arguments.add_argument("count", type=int)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    crypto.use(KEYRING)
    clock.set_offset(0)
    with tempfile.TemporaryDirectory(prefix="zcgl-pushes-") as folder:
        pushed = asyncio.run(push_through_a_storm(chosen.count, chosen.seed, Path(folder)))
    print(pushed)
    return 0 if pushed.holds else 1


if __name__ == "__main__":
    sys.exit(main())
