"""Starts one server process on a free port and waits until it answers."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.engines.servers import free_port

_PATIENCE = 60.0


@asynccontextmanager
async def serving(module: str, environment: dict[str, str]) -> AsyncIterator[int]:
    """The port of `python -m module` once it is alive."""
    port = free_port()
    process = _start(module, environment, port)
    try:
        await _alive(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


async def cold_start(module: str, environment: dict[str, str]) -> float:
    """Seconds from the start of the process to its first 200."""
    began, port = time.perf_counter(), free_port()
    process = _start(module, environment, port)
    try:
        await _alive(port, process)
        return time.perf_counter() - began
    finally:
        process.kill()
        process.wait()


def _start(module: str, environment: dict[str, str], port: int) -> "subprocess.Popen[bytes]":
    variables = os.environ | environment | {"ZCGL_PORT": str(port), "ZCGL_LOG_LEVEL": "error"}
    return subprocess.Popen([sys.executable, "-m", module], env=variables, stdout=subprocess.DEVNULL)


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
