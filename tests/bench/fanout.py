"""Row 7: a notice to many, through the service's own queue, records and gateway; its pace beside bare aiohttp posts."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from config.settings import settings
from models.accounts import Account, AccountKind
from models.messages import Channel, Delivery, DeliveryState, SendingPause
from models.notices import Notice, NoticeState
from models.work import Heartbeat
from server import clock
from server.audit.trail import SYSTEM
from server.messages.undone import notice_occurrence
from server.notices.audience import Audience
from server.notices.campaign import is_waiting
from server.notices.drafts import NoticeText, find_notice, write_notice
from server.notices.publish import publish_notice
from tests.bench.crowd import Platform, bind_crowd, simulated_wechat, start
from tests.bench.rows import compare
from tests.bench.table import Row
from tests.engines.engine import Engine

_FEW, _MANY = 20_000, 100_000
_MEASURED = 3000  # deliveries of one round
_ENQUEUED_WITHIN = 10.0  # seconds, the few
_PATIENCE = 1200
_TEXT = NoticeText("关于开展任职资格检查的通知", "请于月底前办理。", Audience())
_FIELDS = {"thing1": _TEXT.title, "thing2": "北京注册会计师协会", "time3": "2026年1月5日 09:00", "thing4": "请登录系统"}


async def fan_outs(engine: Engine, folder: Path) -> list[Row]:
    """On a migrated database that is not open yet; nothing else may be in it."""
    environment = engine.environment() | {"ZCGL_WECHAT__SENDS_PER_SECOND": "1000000"}  # as fast as it can
    async with simulated_wechat(environment, folder) as platform:
        environment |= {"ZCGL_WECHAT__BASE_URL": platform.url}
        async with engine.opened():
            openids = await bind_crowd(platform, AccountKind.CUSTODY, _FEW)
            async with _worker(environment):
                rows = [await _pace(platform, openids[:_MEASURED], latency) for latency in (0.0, 0.05)]
            await platform.tell("switches", {"latency": 0.0})
            few = await _campaign(environment, (AccountKind.CUSTODY,))
            await bind_crowd(platform, AccountKind.FIRM, _MANY - _FEW)
            many = await _campaign(environment, (AccountKind.CUSTODY, AccountKind.FIRM))
    return [
        *rows,
        Row("7", "fan-out to 100,000 / to 20,000: time", many.seconds, few.seconds, 5.5, "s", at_least=False),
        Row("7", "fan-out to 100,000 / to 20,000: memory", many.megabytes, few.megabytes, 1.3, "MB", at_least=False),
        Row("7", "20,000 recipients enqueued / 10 s", few.enqueued, _ENQUEUED_WITHIN, 1.0, "s", at_least=False),
    ]


async def _pace(platform: Platform, openids: list[str], latency: float) -> Row:
    """Deliveries a second, sent and recorded, beside the same number of posts over as many connections."""
    await platform.tell("switches", {"latency": latency})
    bound = Account.filter(kind=AccountKind.CUSTODY).order_by("id").limit(len(openids))
    numbers: list[Any] = await bound.values_list("number", flat=True)
    pace = await compare(lambda: _deliver(platform, Audience(numbers=tuple(numbers))), lambda: _post(platform, openids))
    return pace.row("7", f"fan-out, {latency * 1000:.0f} ms / bare aiohttp posts", 0.5, "sends/s")


async def _deliver(platform: Platform, audience: Audience) -> float:
    """From the first message that WeChat accepts to the last; nothing is sent before all are told."""
    hold = await SendingPause.create(created_at=clock.now(), scope=f"channel:{Channel.WECHAT}", by=SYSTEM.name)
    notice = await _publish(audience)
    await _once(lambda: _is_told(notice))
    expected, before = len(audience.numbers), await platform.accepted()
    await hold.delete()
    began = await _once(lambda: platform.has_accepted(before + 1), every=0.01)
    ended = await _once(lambda: platform.has_accepted(before + expected), every=0.02)
    await _once(lambda: _is_sent(notice))
    await _check(notice, expected)
    return expected / (ended - began)


async def _post(platform: Platform, openids: list[str]) -> float:
    app = settings().wechat.official_account
    query = {"access_token": await platform.token(app.appid, app.secret.get_secret_value())}
    waiting = iter(openids)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=settings().wechat.connections)) as http:

        async def sender() -> None:
            for openid in waiting:
                url = f"{platform.url}/cgi-bin/message/template/send"
                async with http.post(url, params=query, json=_body(openid)) as answer:
                    if (found := await answer.json())["errcode"]:
                        raise AssertionError(found)

        began = time.perf_counter()
        await asyncio.gather(*(sender() for _ in range(settings().wechat.connections)))
        return len(openids) / (time.perf_counter() - began)


def _body(openid: str) -> dict[str, Any]:
    return {
        "touser": openid,
        "template_id": settings().wechat.templates["notice"],
        "data": {key: {"value": value} for key, value in _FIELDS.items()},
        "client_msg_id": uuid4().hex,
    }


@dataclass(frozen=True)
class _Campaign:
    """`seconds` from publishing until the last was accepted by WeChat, `enqueued` until the last was told in the
    app; `megabytes`: the most that the worker ever held."""

    seconds: float
    enqueued: float
    megabytes: float


async def _campaign(environment: dict[str, str], kinds: tuple[AccountKind, ...]) -> _Campaign:
    """One notice, by one fresh worker process."""
    async with _worker(environment) as process:
        began = time.perf_counter()
        notice = await _publish(Audience(kinds=kinds))
        enqueued = await _once(lambda: _is_told(notice)) - began
        seconds = await _once(lambda: _is_sent(notice)) - began
        await _check(notice, (await find_notice(notice.id)).told)
        return _Campaign(seconds, enqueued, _peak(process.pid))


async def _publish(audience: Audience) -> Notice:
    draft = await write_notice(NoticeText(_TEXT.title, _TEXT.body, audience), SYSTEM)
    return await publish_notice(draft.id, SYSTEM)


async def _once(holds: Callable[[], Awaitable[bool]], every: float = 0.1) -> float:
    """The time by perf_counter() when it did."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            if await holds():
                return time.perf_counter()
            await asyncio.sleep(every)


async def _is_told(notice: Notice) -> bool:
    return (await find_notice(notice.id)).state is not NoticeState.ENQUEUEING


async def _is_sent(notice: Notice) -> bool:
    return not await is_waiting(notice)


async def _check(notice: Notice, expected: int) -> None:
    """A figure over deliveries that failed is no figure."""
    sent = await Delivery.filter(occurrence=notice_occurrence(notice.id), state=DeliveryState.SENT).count()
    if sent != expected:
        raise AssertionError(f"{sent} of {expected} were sent")


@asynccontextmanager
async def _worker(environment: dict[str, str]) -> AsyncIterator["subprocess.Popen[bytes]"]:
    """A worker that beats already."""
    process = start("server.run.worker", environment)
    try:
        await _once(lambda: Heartbeat.filter(owner__endswith=f":{process.pid}").exists())
        yield process
    finally:
        process.kill()
        process.wait()


def _peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
