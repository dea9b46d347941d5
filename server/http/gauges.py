"""What waits, is in doubt or has stopped, as the database says at each scrape: the figures behind the alerts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from tortoise.functions import Count, Min
from tortoise.queryset import QuerySet

from models.audit import AuditEntry
from models.messages import Alert, CallbackEvent, Channel, Delivery, DeliveryState, SendingPause
from models.work import Heartbeat, JobLease
from server import clock
from server.http.logs import log

_PATIENCE = 2.0  # seconds for all questions together

_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.IN_DOUBT)

Values = Mapping[tuple[str, ...], float]  # labels -> value


class _Families(Collector):
    def __init__(self, families: Sequence[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families


async def exposed(parts: Mapping[str, str]) -> bytes:
    """In Prometheus's text format. `parts` as /healthz/ready finds them; without a database they are all there is."""
    families = [_family("zcgl_part_up", ("part",), {(name,): float(state == "ok") for name, state in parts.items()})]
    try:
        async with asyncio.timeout(_PATIENCE):
            families += [_family(name, labels, await ask()) for name, labels, ask in _QUESTIONS]
    except Exception as error:  # noqa: BLE001 - zcgl_part_up{part="database"} says it too; a missing series is no zero
        log("gauges_missing", level=logging.WARNING, error=error)
    registry = CollectorRegistry()
    registry.register(_Families(families))
    return generate_latest(registry)


def _family(name: str, labels: Sequence[str], values: Values) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, MEANINGS[name], labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def _those(*states: DeliveryState) -> QuerySet[Delivery]:
    """Named as their index is: whatever has been delivered, however much, is not looked at."""
    return Delivery.filter(channel__in=list(Channel), bulk__in=[False, True], state__in=states)


async def _deliveries() -> Values:
    """Nought too is a number: what was not there an hour ago could not be told from what grew since."""
    none: Values = {(channel.value, DeliveryState.FAILED.value): 0.0 for channel in Channel}
    rows = (
        await _those(*_WAITING, DeliveryState.FAILED)
        .annotate(count=Count("id"))
        .group_by("channel", "state")
        .values_list("channel", "state", "count")
    )
    return {**none, **{(str(channel), str(state)): float(count) for channel, state, count in rows}}


async def _longest_due() -> Values:
    rows = (
        await _those(DeliveryState.PENDING)
        .filter(next_at__lte=clock.now())
        .annotate(since=Min("next_at"))
        .group_by("channel")
        .values_list("channel", "since")
    )
    return {(str(channel),): _age(since) for channel, since in rows}


async def _longest_in_doubt() -> Values:
    rows = (
        await _those(DeliveryState.IN_DOUBT)
        .annotate(since=Min("first_attempt_at"))
        .group_by("channel")
        .values_list("channel", "since")
    )
    return {(str(channel),): _age(since) for channel, since in rows if since}


async def _callbacks() -> Values:
    return {(): float(await CallbackEvent.filter(handled_at__isnull=True).count())}


async def _heartbeat() -> Values:
    latest = await Heartbeat.all().order_by("-beat_at").first()
    return {(): _age(latest.beat_at)} if latest else {}


async def _jobs() -> Values:
    """How late each periodic job is, also one that keeps failing: it is due until it was done."""
    rows = await JobLease.all().values_list("name", "next_at")
    return {(name,): max(0.0, _age(due)) for name, due in rows}


async def _alerts() -> Values:
    rows = (
        await Alert.filter(resolved_at__isnull=True)
        .annotate(count=Count("id"))
        .group_by("kind")
        .values_list("kind", "count")
    )
    return {(str(kind),): float(count) for kind, count in rows}


async def _pauses() -> Values:
    return {(pause.scope,): 1.0 for pause in await SendingPause.all()}


async def _unlinked() -> Values:
    return {(): float(await AuditEntry.filter(seq__isnull=True).count())}


def _age(moment: datetime) -> float:
    return (clock.now() - moment).total_seconds()


_QUESTIONS: tuple[tuple[str, tuple[str, ...], Callable[[], Awaitable[Values]]], ...] = (
    ("zcgl_deliveries", ("channel", "state"), _deliveries),
    ("zcgl_delivery_due_seconds", ("channel",), _longest_due),
    ("zcgl_delivery_in_doubt_seconds", ("channel",), _longest_in_doubt),
    ("zcgl_callbacks_waiting", (), _callbacks),
    ("zcgl_worker_heartbeat_seconds", (), _heartbeat),
    ("zcgl_task_late_seconds", ("task",), _jobs),
    ("zcgl_open_alerts", ("kind",), _alerts),
    ("zcgl_sending_paused", ("scope",), _pauses),
    ("zcgl_audit_unlinked", (), _unlinked),
)

MEANINGS = {
    "zcgl_part_up": "1 while a part that /healthz/ready names is well",
    "zcgl_deliveries": "Deliveries that wait, are in doubt or have failed",
    "zcgl_delivery_due_seconds": "Since when the oldest due delivery has not been tried",
    "zcgl_delivery_in_doubt_seconds": "Since when the oldest delivery in doubt has been so",
    "zcgl_callbacks_waiting": "Callbacks of WeChat stored and not yet handled",
    "zcgl_worker_heartbeat_seconds": "Since the last sign of life of any worker",
    "zcgl_task_late_seconds": "How late a periodic job is",
    "zcgl_open_alerts": "Alerts for staff that nobody has resolved",
    "zcgl_sending_paused": "1 for each channel or template that is paused",
    "zcgl_audit_unlinked": "Audit entries not yet linked into the chain",
}
