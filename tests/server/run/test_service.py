"""The whole service as an operator runs it: `zcgl run` on the embedded defaults, the demo, Ctrl-C, and again."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.engines.family import command_of, family_of
from tests.engines.servers import free_ports, wait_until

ZCGL = str(Path(sys.executable).with_name("zcgl"))
PROCESSES = {"zcgl run", "tests.simulator", "server.run.web", "server.run.worker", "valkey-server"}


class Operator:
    """One data folder and one pair of ports; everything started here is gone at the end."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_ports(2)
        self._said = home.parent / f"said-{self.port}.log"
        self.address = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ZCGL_")}
        self.environment = inherited | {
            "ZCGL_HOME": str(home),
            "ZCGL_PORT": str(self.port),
            "ZCGL_CONFIG": str(home / "none.toml"),
        }
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """What `zcgl run` says until it is ready. It says so into a file: a pipe that nobody empties would stop it."""
        with self._said.open("w") as said:
            self._running = subprocess.Popen([ZCGL, "run"], env=self.environment, stdout=said, stderr=said)
        wait_until(self._has_announced, "the last line of the announcement", 120)
        return self._said.read_text()

    def _has_announced(self) -> bool:
        assert self._running
        text = self._said.read_text()
        assert self._running.poll() is None, f"it ended: {text}"
        return "demo-admin" in text

    def end(self, number: signal.Signals) -> int:
        """The exit code after a signal."""
        assert self._running
        self._running.send_signal(number)
        try:
            return self._running.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._running.kill()
            return self._running.wait()

    def demo(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ZCGL, "demo"], env=self.environment, capture_output=True, text=True, timeout=180, check=False
        )

    def family(self) -> dict[int, str]:
        """The supervisor, its children and theirs: pid and command."""
        assert self._running
        return family_of(self._running.pid)

    def stop(self) -> None:
        if self._running and self._running.poll() is None:
            self.end(signal.SIGTERM)


def left_of(family: dict[int, str]) -> list[str]:
    return [command for pid, command in family.items() if command_of(pid) == command]


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(tmp_path / "var")
    yield operator
    operator.stop()


def login(operator: Operator) -> str:
    answer = httpx.post(f"{operator.address}/api/v1/auth/login", json={"account": "201", "password": "demo-201"})
    return str(answer.json()["token"])


def names(operator: Operator, token: str) -> list[str]:
    answer = httpx.get(f"{operator.address}/api/v1/applications", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return [item["id"] for item in answer.json()["items"]]


def test_a_newcomers_day(operator: Operator) -> None:
    """Start, the demo twice, Ctrl-C, start again: the same data, the same login, and nothing left running."""
    said = operator.start()
    assert operator.address in said
    assert f"http://127.0.0.1:{operator.port + 1}/" in said
    family = operator.family()
    assert {name for name in PROCESSES if any(name in command for command in family.values())} == PROCESSES

    for _ in range(2):
        played = operator.demo()
        assert played.returncode == 0, played.stdout[-3000:]
        assert re.search(r"演示完成：比对 \d+ 项，全部一致。", played.stdout.splitlines()[-1])

    token = login(operator)
    before = names(operator, token)
    assert len(before) == 6
    assert counted(operator, 'zcgl_requests_total{method="GET",route="/api/v1/applications",status="200"}') >= 1

    family = operator.family()
    assert operator.end(signal.SIGINT) == 0
    assert left_of(family) == []

    operator.start()
    assert names(operator, token) == before
    family = operator.family()
    assert operator.end(signal.SIGTERM) == 0
    assert left_of(family) == []


def counted(operator: Operator, series: str) -> float:
    """A counter of /metrics, over all web processes."""
    text = httpx.get(f"{operator.address}/metrics").text
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(series))


def test_a_second_service_on_the_same_folder_is_refused(operator: Operator) -> None:
    operator.start()

    again = subprocess.run(
        [ZCGL, "run"],
        env=operator.environment | {"ZCGL_PORT": str(free_ports(2))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert again.returncode == 1
    assert "已有一个服务在使用数据目录" in again.stdout + again.stderr
