"""A light load generator: raw HTTP/1.1 over kept connections, so that the service is the slower side."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

_PATIENCE = 120  # seconds for one offer
RUSH = 96  # connections that ask at once, as many as Sanic lets wait for an accept


@dataclass
class Outcome:
    """What came back: answers by status, seconds it took, and (status, seconds) of each answer."""

    seconds: float = 0.0
    answers: list[tuple[int, float]] = field(default_factory=list)

    @property
    def statuses(self) -> Counter[int]:
        return Counter(status for status, _ in self.answers)

    @property
    def rate(self) -> float:
        return len(self.answers) / self.seconds

    def rate_of(self, status: int) -> float:
        return self.statuses[status] / self.seconds

    def quantile(self, share: float, status: int | None = None) -> float:
        """Seconds that this share of the answers (of one status) took at most."""
        ordered = sorted(took for found, took in self.answers if status in (None, found))
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def request(method: str, path: str, *, token: str = "", body: bytes = b"", **headers: str) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += ["Content-Type: application/json"] if body else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def offer(port: int, requests: list[bytes], *, connections: int = 32, every: float = 0.0) -> Outcome:
    """Send every request once over so many connections and wait for all answers; see `Crowd.offer`."""
    async with crowd(port, min(connections, len(requests))) as few:
        return await few.offer(requests, every=every)


@asynccontextmanager
async def crowd(port: int, connections: int = 32) -> AsyncIterator["Crowd"]:
    """Open connections, kept until the block ends."""
    loop = asyncio.get_running_loop()
    drivers = [_Driver() for _ in range(connections)]
    try:
        for driver in drivers:
            await loop.create_connection(lambda driver=driver: driver, "127.0.0.1", port)  # type: ignore[misc]
        yield Crowd(drivers)
    finally:
        for driver in drivers:
            driver.close()


class Crowd:
    """Connections that ask as soon as they are answered."""

    def __init__(self, drivers: "list[_Driver]") -> None:
        self._drivers = drivers

    async def offer(self, requests: list[bytes], *, every: float = 0.0) -> Outcome:
        """Send every request once and wait for all answers.

        With `every`, request number n is due after n * every seconds and counts from then, also when no connection
        was free to send it.
        """
        outcome, queue, began = Outcome(), enumerate(requests), time.perf_counter()
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(*(driver.drive(queue, outcome, began, every) for driver in self._drivers))
        outcome.seconds = time.perf_counter() - began
        return outcome


class _Driver(asyncio.Protocol):
    """One connection: the next request goes out as soon as the last one is answered. Callbacks only, no tasks."""

    _transport: asyncio.WriteTransport | None = None
    _done: asyncio.Future[None] | None = None
    _buffer = b""
    _due = 0.0

    def drive(
        self, queue: Iterator[tuple[int, bytes]], outcome: Outcome, began: float, every: float
    ) -> asyncio.Future[None]:
        """Take from the queue until it is empty."""
        self._queue, self._outcome, self._began, self._every = queue, outcome, began, every
        self._done = asyncio.get_running_loop().create_future()
        self._send_next(self._done)
        return self._done

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is none by class

    def _send_next(self, done: asyncio.Future[None]) -> None:
        number, message = next(self._queue, (0, b""))
        if not message:
            done.set_result(None)
        elif (wait := (due := self._began + number * self._every) - time.perf_counter()) > 0:
            asyncio.get_running_loop().call_later(wait, self._send, message, due)
        else:
            self._send(message, due if self._every else time.perf_counter())

    def _send(self, message: bytes, due: float) -> None:
        assert self._transport is not None
        self._due = due
        self._transport.write(message)

    def data_received(self, data: bytes) -> None:
        assert self._done is not None
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0 or len(self._buffer) < head + 4 + _length(self._buffer[:head]):
            return
        self._outcome.answers.append((int(self._buffer[9:12]), time.perf_counter() - self._due))
        self._buffer = b""
        self._send_next(self._done)

    def connection_lost(self, error: Exception | None) -> None:
        if self._done and not self._done.done():
            self._done.set_exception(error or ConnectionError("closed before the answer"))


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.index(b"content-length:") + 15
    end = lowered.find(b"\r\n", at)
    return int(lowered[at:end] if end > 0 else lowered[at:])
