"""`python -m tests.simulator`: starts with the service's settings, keeps its phones, ends on a signal."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engines import engine
from tests.engines.servers import free_port

Start = Callable[[], tuple["subprocess.Popen[str]", str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def started() -> tuple["subprocess.Popen[str]", str]:
        command = [sys.executable, "-m", "tests.simulator", "--port", str(free_port())]
        environment = {**os.environ, **engine.environment_for_tests(tmp_path)}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        processes.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().split("：")[1].strip()

    yield started
    for process in processes:
        process.kill()
        process.communicate()


def ask(url: str, body: object = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url, data, timeout=20) as answer:
        return json.load(answer)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(start: Start, number: signal.Signals) -> None:
    process, url = start()
    ask(f"{url}/_/phones")

    process.send_signal(number)

    assert process.wait(timeout=20) == 0


def test_phones_are_there_again_after_a_restart(start: Start) -> None:
    process, url = start()
    ask(f"{url}/_/phones", {"name": "手机丙"})
    process.terminate()
    process.wait(timeout=20)

    _, url = start()

    listed = ask(f"{url}/_/phones")
    assert isinstance(listed, list)
    assert [phone["name"] for phone in listed] == ["手机甲", "手机乙", "手机丙"]
