"""The studio of one web process: a single child, started when needed, replaced when it fails, let go when idle."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

import server
from server.errors import Refusal
from server.gateways.studio.frames import LENGTHS, pack
from server.materials.studio import (
    MAX_BYTES,
    REFUSALS,
    Checked,
    DamagedFile,
    EmptyFile,
    FileTooLarge,
    StudioBusy,
    TooComplex,
)

_PATIENCE = 60.0  # seconds for one file on a busy machine; how much it may compute is the child's own limit
_WAITING = 64  # files that may queue
_IDLE = 60.0  # seconds without a file after which the child is let go
_DYING = 2.0  # seconds a child gets to end by itself, so that its own exit status is seen
# How a child ends that a file was too much for: out of computing time, unhandled, or given up by native code. SIGKILL
# is missing: it comes from outside, and the file may be fine.
_STUMBLES = (1, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE)
_ENDINGS: dict[int, type[Refusal]] = {-signal.SIGXCPU: TooComplex, **dict.fromkeys(_STUMBLES, DamagedFile)}


class ChildStudio:
    """Satisfies server.materials.studio.Studio. One file at a time: memory stays bounded."""

    def __init__(self, idle: float = _IDLE) -> None:
        self.patience, self.idle = _PATIENCE, idle
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._retiring: asyncio.TimerHandle | None = None

    async def check(self, data: bytes) -> Checked:
        if not data:
            raise EmptyFile
        if len(data) > MAX_BYTES:
            raise FileTooLarge
        head, body = await self._ask({"do": "check"}, data)
        return Checked(head["kind"], body)

    async def render(self, document: str, values: dict[str, Any]) -> bytes:
        _, body = await self._ask({"do": "render", "document": document, "values": values})
        return body

    async def close(self) -> None:
        if self._retiring:
            self._retiring.cancel()
        if self._child:
            await self._ended(self._child)

    async def _ended(self, child: asyncio.subprocess.Process, grace: float = 0) -> int:
        """Its exit status: its own if it ends within `grace` seconds, else -SIGKILL."""
        self._child = None
        try:
            return await asyncio.wait_for(child.wait(), grace)
        except TimeoutError:
            with suppress(ProcessLookupError):  # it has ended by itself
                child.kill()
            return await child.wait()

    async def _ask(self, order: dict[str, Any], body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        if self._waiting >= _WAITING:
            raise StudioBusy
        self._waiting += 1
        try:
            async with self._turn:
                return await self._converse(order, body)
        finally:
            self._waiting -= 1

    async def _converse(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Raises a named refusal. However it goes wrong, the child that may be out of step is ended, and the next
        file gets a new one."""
        child = await self._present()
        try:
            async with asyncio.timeout(self.patience):
                head, answer = await _exchange(child, pack(order, body))
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            status = await self._ended(child, _DYING)
            raise _ENDINGS.get(status, StudioBusy) if body else StudioBusy from error
        except BaseException:
            await self._ended(child)
            raise
        self._retire_later()
        if fault := head.get("fault"):
            raise REFUSALS[fault]
        return head, answer

    async def _present(self) -> asyncio.subprocess.Process:
        if self._child and self._child.stdin and self._child.stdin.is_closing():
            await self._ended(self._child, _DYING)  # let go a moment ago
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "server.gateways.studio.child",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=_environment(),
            )
        return self._child

    def _retire_later(self) -> None:
        if self._retiring:
            self._retiring.cancel()
        self._retiring = asyncio.get_running_loop().call_later(self.idle, self._retire)

    def _retire(self) -> None:
        """Closing stdin ends the child between two files."""
        if self._child and self._child.stdin and not self._turn.locked():
            with suppress(ConnectionError):
                self._child.stdin.close()


def _environment() -> dict[str, str]:
    """Nothing of ours: whoever overpowers the child finds no secrets."""
    return {"PATH": os.defpath, "PYTHONPATH": str(Path(server.__file__).parents[1]), "MALLOC_ARENA_MAX": "2"}


async def _exchange(child: asyncio.subprocess.Process, message: bytes) -> tuple[dict[str, Any], bytes]:
    if child.stdin is None or child.stdout is None:
        raise ConnectionError
    child.stdin.write(message)
    await child.stdin.drain()
    head_length, body_length = LENGTHS.unpack(await child.stdout.readexactly(LENGTHS.size))
    head: dict[str, Any] = orjson.loads(await child.stdout.readexactly(head_length))
    return head, await child.stdout.readexactly(body_length)


@asynccontextmanager
async def open_studio() -> AsyncIterator[ChildStudio]:
    studio = ChildStudio()
    try:
        yield studio
    finally:
        await studio.close()
