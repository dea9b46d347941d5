"""Health for balancers and people: alive, ready (naming what is down), and counters."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path

from sanic import Blueprint

from models import migrations
from models.work import Heartbeat
from server.clock import now
from server.errors import Refusal, Unavailable
from server.http import gauges
from server.http.call import Call, Reply
from server.http.endpoint import PUBLIC, endpoint
from server.http.metrics import exposition
from server.http.schemas import View
from server.http.services import Services
from server.transactions import connection

blueprint = Blueprint("health")
_PATIENCE = 2.0  # seconds for one part
_HEARTBEAT = timedelta(seconds=15)


class Health(View):
    status: str
    parts: dict[str, str]


class NotReady(Unavailable):
    code = "not_ready"
    message = "服务尚未就绪"


@endpoint(blueprint, "GET /healthz/live", access=PUBLIC)
async def live(call: Call) -> Health:
    """The process answers. Balancers probe this one: Redis down is no reason to be taken out."""
    return Health(status="ok", parts={})


@endpoint(blueprint, "GET /healthz/ready", access=PUBLIC)
async def ready(call: Call) -> Health:
    """Database, Redis, object store, migrations and worker; 503 names what is down."""
    parts = await _states(call.services)
    if any(state != "ok" for state in parts.values()):
        raise NotReady(parts=parts)
    return Health(status="ok", parts=parts)


@endpoint(blueprint, "GET /metrics", access=PUBLIC, media="text/plain")
async def metrics(call: Call) -> Reply:
    """Counters and what waits, in Prometheus's text format; keep this path inside the house."""
    waiting = await gauges.exposed(await _states(call.services))
    return Reply(exposition() + waiting, "text/plain; version=0.0.4; charset=utf-8")


async def _states(services: Services) -> dict[str, str]:
    """Each part, and `ok` or what is wrong with it."""
    probes = _parts(services)
    results = await asyncio.gather(*map(_check, probes.values()))
    return dict(zip(probes, results, strict=True))


def _parts(services: Services) -> dict[str, Awaitable[object]]:
    return {
        "database": connection().execute_query("SELECT 1"),
        "redis": services.redis.ping(),
        "object_store": services.store.ping(),
        "migrations": _migrated(),
        "worker": _worker_beats(),
    }


async def _check(part: Awaitable[object]) -> str:
    try:
        await asyncio.wait_for(part, _PATIENCE)
    except Refusal as refusal:
        return refusal.message
    except Exception as error:  # noqa: BLE001 - a probe reports whatever is wrong
        return type(error).__name__
    return "ok"


async def _migrated() -> None:
    applied = await connection().execute_query_dict("SELECT name FROM tortoise_migrations")
    if missing := _expected_migrations() - {row["name"] for row in applied}:
        raise Unavailable(f"有 {len(missing)} 个数据库迁移尚未执行")


def _expected_migrations() -> set[str]:
    files = (path for folder in migrations.__path__ for path in Path(folder).glob("[0-9]*.py"))
    return {path.stem for path in files}


async def _worker_beats() -> None:
    if not await Heartbeat.filter(beat_at__gte=now() - _HEARTBEAT).exists():
        raise Unavailable("后台处理进程没有心跳")
