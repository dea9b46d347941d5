"""A light load generator: raw HTTP/1.1 over kept connections, so that the service is the slower side."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What came back: answers by status, seconds it took, and the seconds of each answer."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return sum(self.statuses.values()) / self.seconds

    def rate_of(self, status: int) -> float:
        return self.statuses[status] / self.seconds

    def quantile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def request(method: str, path: str, *, token: str = "", body: bytes = b"", **headers: str) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += ["Content-Type: application/json"] if body else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def offer(port: int, requests: list[bytes], *, connections: int = 32) -> Outcome:
    """Send every request once over `connections` kept connections and wait for all answers."""
    outcome, queue = Outcome(), iter(requests)
    began = time.perf_counter()
    async with asyncio.timeout(300), asyncio.TaskGroup() as group:
        for _ in range(min(connections, len(requests))):
            group.create_task(_drive(port, queue, outcome))
    outcome.seconds = time.perf_counter() - began
    return outcome


async def _drive(port: int, queue: Iterator[bytes], outcome: Outcome) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for message in queue:
            sent = time.perf_counter()
            writer.write(message)
            outcome.statuses[await _read_answer(reader)] += 1
            outcome.latencies.append(time.perf_counter() - sent)
    finally:
        writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    at = lowered.index(b"content-length:") + 15
    await reader.readexactly(int(lowered[at : lowered.index(b"\r\n", at)]))
    return int(head[9:12])
