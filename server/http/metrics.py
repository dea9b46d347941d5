"""Counters for Prometheus: requests by route and status, and how long they took."""

import os
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from server.http.endpoint import Endpoint

REGISTRY = CollectorRegistry()
_requests = Counter("zcgl_requests", "Requests answered", ["method", "route", "status"], registry=REGISTRY)
_seconds = Histogram(
    "zcgl_request_seconds",
    "Time to answer",
    ["route"],
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def observe(endpoint: Endpoint, status: int, seconds: float) -> None:
    count, time = _series(endpoint.method, endpoint.path, status)
    count.inc()
    time.observe(seconds)


@cache
def _series(method: str, path: str, status: int) -> tuple[Counter, Histogram]:
    """Looking a series up by its labels costs more than counting."""
    return _requests.labels(method, path, str(status)), _seconds.labels(path)


def exposition() -> bytes:
    """Counters in Prometheus's text format: of all processes when PROMETHEUS_MULTIPROC_DIR is set, else of this one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
