"""Counters for Prometheus: requests by route and status, and how long they took."""

import os

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
    _requests.labels(endpoint.method, endpoint.path, str(status)).inc()
    _seconds.labels(endpoint.path).observe(seconds)


def exposition() -> bytes:
    """Counters in Prometheus's text format: of all processes when PROMETHEUS_MULTIPROC_DIR is set, else of this one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
