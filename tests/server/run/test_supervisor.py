"""The supervisor with tiny children: the dead come back, the hopeless end it, everything is gone in time."""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from server.run.supervisor import Patience, Program, Supervisor
from server.run.tether import tethered

QUICK = Patience(first_delay=0.02, longest_delay=0.1, interrupt=1.0, terminate=1.0)
# A child that writes its pid, then waits for the end that it was made for.
PATIENT = "import os, signal, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + PATIENT
# On TERM it waits a little, signs a shared file, and goes.
LAST_WORD = (
    "import os, signal, sys, time\n"
    "def sign(*_):\n"
    "    time.sleep(float(sys.argv[4])); open(sys.argv[2], 'a').write(sys.argv[3] + '\\n'); os._exit(0)\n"
    "signal.signal(signal.SIGTERM, sign)\n" + PATIENT
)
DYING = "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); sys.exit(3)"
PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]]); " + PATIENT


@dataclass
class Stage:
    """A supervisor, what it said, and the pids its children wrote."""

    folder: Path
    patience: Patience = QUICK
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.said.append, self.patience)

    def program(self, name: str, script: str, *arguments: str, support: bool = False) -> Program:
        command = [sys.executable, "-I", "-S", "-c", script, str(self.folder / name), *arguments]
        return Program(name, command, support=support)

    def pids(self, name: str) -> list[int]:
        path = self.folder / name
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    async def started(self, name: str, times: int = 1) -> int:
        await until(lambda: len(self.pids(name)) >= times)
        return self.pids(name)[times - 1]


async def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - it is another process that is waited for
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@asynccontextmanager
async def running(stage: Stage, *programs: Program) -> AsyncIterator[asyncio.Task[int]]:
    stage.supervisor.start(programs)
    ending = asyncio.create_task(stage.supervisor.run())
    yield ending
    stage.supervisor.stop(0)
    await ending


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
async def test_a_child_that_dies_is_started_again(stage: Stage, number: signal.Signals) -> None:
    async with running(stage, stage.program("web", PATIENT)):
        os.kill(await stage.started("web"), number)

        second = await stage.started("web", 2)

        assert is_alive(second)
        assert stage.said == [f"web 已退出（信号 {number.name}），0.02 秒后重新启动"]


async def test_a_child_for_which_there_is_no_room_is_tried_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    create, full = asyncio.create_subprocess_exec, [True, True]

    async def on_a_full_machine(*command: str, **settings: Any) -> asyncio.subprocess.Process:
        if full:
            full.pop()
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return await create(*command, **settings)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", on_a_full_machine)
    async with running(stage, stage.program("web", PATIENT)):
        assert is_alive(await stage.started("web"))

    assert len([said for said in stage.said if "无法启动" in said]) == 2


async def test_all_children_killed_at_once_all_come_back(stage: Stage) -> None:
    names = ["web-1", "web-2", "worker"]
    async with running(stage, *(stage.program(name, PATIENT) for name in names)):
        for name in names:
            os.kill(await stage.started(name), signal.SIGKILL)

        for name in names:
            assert is_alive(await stage.started(name, 2))


async def test_each_death_doubles_the_wait_up_to_the_longest(stage: Stage) -> None:
    stage.supervisor = Supervisor(stage.said.append, Patience(first_delay=0.01, longest_delay=0.04, deaths=6))
    async with running(stage, stage.program("web", DYING)) as ending:
        await ending

    waits = [line.split("，")[1].split()[0] for line in stage.said[:-1]]
    assert waits == ["0.01", "0.02", "0.04", "0.04", "0.04"]


async def test_a_minute_of_health_forgets_the_wait(stage: Stage) -> None:
    """With `healthy_after` nought every life counts as healthy."""
    stage.supervisor = Supervisor(stage.said.append, Patience(first_delay=0.01, healthy_after=0, deaths=4))
    async with running(stage, stage.program("web", DYING)) as ending:
        await ending

    assert {line.split("，")[1].split()[0] for line in stage.said[:-1]} == {"0.01"}


async def test_five_deaths_of_one_child_in_a_minute_end_the_whole_with_exit_1(stage: Stage) -> None:
    async with running(stage, stage.program("web", DYING), stage.program("worker", PATIENT)) as ending:
        worker = await stage.started("worker")

        assert await ending == 1

    assert len(stage.pids("web")) == 5
    assert stage.said[-1] == "web 在一分钟内退出了 5 次（最后一次：退出码 3），服务停止"
    assert not is_alive(worker)


async def test_deaths_further_apart_than_the_minute_are_no_reason_to_end(stage: Stage) -> None:
    stage.supervisor = Supervisor(stage.said.append, Patience(first_delay=0.01, longest_delay=0.01, within=0))
    async with running(stage, stage.program("web", DYING)) as ending:
        await stage.started("web", 7)
        assert not ending.done()


async def test_a_stop_ends_every_child_and_exits_with_0(stage: Stage) -> None:
    async with running(stage, stage.program("web", PATIENT), stage.program("valkey", PATIENT, support=True)) as ending:
        pids = [await stage.started("web"), await stage.started("valkey")]

        stage.supervisor.stop(10)

        assert await ending == 0
        assert not any(is_alive(pid) for pid in pids)
        assert stage.said == []


async def test_a_child_deaf_to_term_is_killed_at_the_end_of_the_grace(stage: Stage) -> None:
    async with running(stage, stage.program("web", DEAF)) as ending:
        pid = await stage.started("web")

        stage.supervisor.stop(0.2)

        async with asyncio.timeout(10):
            assert await ending == 0
        assert not is_alive(pid)


async def test_asking_twice_does_not_wait_for_the_grace(stage: Stage) -> None:
    async with running(stage, stage.program("web", DEAF)) as ending:
        pid = await stage.started("web")

        stage.supervisor.stop(600)
        stage.supervisor.stop(600)

        async with asyncio.timeout(10):
            await ending
        assert not is_alive(pid)


async def test_what_supports_the_others_outlives_them(stage: Stage) -> None:
    """Valkey is asked to go only when the slow web process is gone."""
    web = stage.program("web", LAST_WORD, str(stage.folder / "order"), "web", "0.3")
    valkey = stage.program("valkey", LAST_WORD, str(stage.folder / "order"), "valkey", "0", support=True)
    async with running(stage, valkey, web) as ending:
        await stage.started("web")
        await stage.started("valkey")

        stage.supervisor.stop(600)
        await ending

        assert (stage.folder / "order").read_text().split() == ["web", "valkey"]


async def test_grandchildren_go_with_the_child_that_left_them(stage: Stage) -> None:
    async with running(stage, stage.program("web", PARENT, PATIENT)):
        await until(lambda: len(stage.pids("web")) == 2)
        both = stage.pids("web")
        child = next(pid for pid in both if os.getpgid(pid) == pid)
        os.kill(child, signal.SIGKILL)

        await until(lambda: not any(is_alive(pid) for pid in both))


async def test_a_child_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    """The parent is killed -9: nobody is left to tell the child."""
    written = tmp_path / "child"
    script = (
        "import subprocess, signal, sys; from server.run.tether import tethered; "
        f"subprocess.Popen(tethered([sys.executable, '-c', {PATIENT!r}, sys.argv[1]])); signal.pause()"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(written))
    await until(lambda: written.exists() and written.read_text().endswith("\n"))
    child = int(written.read_text())

    parent.kill()
    await parent.wait()

    await until(lambda: not is_alive(child))


async def test_a_command_whose_parent_was_gone_before_it_began_is_not_run(tmp_path: Path) -> None:
    written = tmp_path / "child"
    command = tethered([sys.executable, "-c", DYING, str(written)])
    stranger = [*command[:4], "1", *command[5:]]

    process = await asyncio.create_subprocess_exec(*stranger)

    assert await process.wait() == 1
    assert not written.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_stop_it(stage: Stage, number: signal.Signals) -> None:
    """In a process of its own, as `zcgl run` does it."""
    script = (
        "import asyncio, sys; from server.run.supervisor import Program, Supervisor\n"
        "async def main():\n"
        "    supervisor = Supervisor(print); supervisor.listen_for_signals()\n"
        f"    supervisor.start([Program('web', [sys.executable, '-c', {PATIENT!r}, sys.argv[1]])])\n"
        "    return await supervisor.run()\n"
        "sys.exit(asyncio.run(main()))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(stage.folder / "web"))
    child = await stage.started("web")

    process.send_signal(number)

    assert await process.wait() == 0
    assert not is_alive(child)
