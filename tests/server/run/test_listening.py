"""Whoever comes while a web process is busy waits in the kernel, and is not sent away for a second."""

import asyncio
import os
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from server.run.listening import listen
from tests.bench.processes import started
from tests.engines.servers import free_port
from tests.server.run.test_start import environment

_AT_ONCE = 400
_PATIENCE = 30.0  # seconds; the kernel says nothing to those whom it has no room for


async def test_hundreds_may_come_at_the_same_moment(tmp_path: Path) -> None:
    async with started("server.run.web", environment(tmp_path)) as (port, pid):
        os.kill(pid, signal.SIGSTOP)  # as busy as can be: it accepts nobody
        await asyncio.to_thread(_connect, port)


def _connect(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(_AT_ONCE):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE))


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
def test_either_kind_of_address_is_listened_to(host: str, family: socket.AddressFamily) -> None:
    with listen(host, port := free_port()) as listener:
        assert (listener.family, listener.getsockname()[1]) == (family, port)


def test_a_taken_port_is_refused() -> None:
    with listen("127.0.0.1", port := free_port()), pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", port)
