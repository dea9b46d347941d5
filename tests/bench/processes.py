"""Starts server processes on a free port, as `zcgl run` would, and waits until they answer."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from server.run.service import GIVE_BACK
from tests.engines.servers import free_port

_PATIENCE = 60.0
_STILL = 10  # looks at the memory, a tenth of a second apart, that find it unchanged


@asynccontextmanager
async def serving(module: str, environment: dict[str, str], *, processes: int = 1) -> AsyncIterator[int]:
    """The port of `python -m module` once it is alive and all is loaded; several processes accept on one socket."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        port = int(listener.getsockname()[1])
        shared = {"ZCGL_LISTEN_FD": str(listener.fileno())} if processes > 1 else {}
        if not shared:
            listener.close()
        running = [_start(module, environment | shared, port, listener) for _ in range(processes)]
        try:
            await _alive(port, running[0])
            await asyncio.gather(*(all_loaded(process.pid) for process in running))
            yield port
        finally:
            for process in running:
                _end(process)


@asynccontextmanager
async def started(module: str, environment: dict[str, str]) -> AsyncIterator[tuple[int, int]]:
    """Port and process id."""
    port = free_port()
    process = _start(module, environment, port)
    try:
        await _alive(port, process)
        yield port, process.pid
    finally:
        _end(process)


async def all_loaded(pid: int) -> None:
    """A web process answers before everything is loaded: later is when its memory has stood still for a second."""
    seen = [0.0]
    async with asyncio.timeout(_PATIENCE):
        while len(seen) < _STILL:
            now = resident(pid)
            seen = [*seen, now] if now == seen[-1] else [now]
            await asyncio.sleep(0.1)


def resident(pid: int) -> float:
    """Kilobytes of memory that the process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return float(status.split("VmRSS:")[1].split()[0])


async def cold_start(module: str, environment: dict[str, str]) -> float:
    """Seconds from the start of the process to its first 200."""
    began = time.perf_counter()
    async with started(module, environment):
        return time.perf_counter() - began


def _start(
    module: str, environment: dict[str, str], port: int, listener: socket.socket | None = None
) -> "subprocess.Popen[bytes]":
    """It logs every request, as in life, to nobody."""
    variables = os.environ | environment | GIVE_BACK | {"ZCGL_PORT": str(port), "ZCGL_LOG_LEVEL": "info"}
    inherited = (listener.fileno(),) if listener and listener.fileno() >= 0 else ()
    return subprocess.Popen(
        [sys.executable, "-m", module], env=variables, stdout=subprocess.DEVNULL, pass_fds=inherited
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


async def _alive(port: int, process: "subprocess.Popen[bytes]") -> None:
    async with asyncio.timeout(_PATIENCE), aiohttp.ClientSession() as http:
        while process.poll() is None:
            try:
                async with http.get(f"http://127.0.0.1:{port}/healthz/live") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)
    raise RuntimeError("the server ended before it answered")
