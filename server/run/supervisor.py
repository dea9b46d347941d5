"""Keeps a set of child processes running: starts the dead again, gives up when one keeps dying, stops all in time."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from server.ending import ended
from server.run.tether import tethered

Say = Callable[[str], None]


@dataclass(frozen=True)
class Program:
    """A child. `support` is stopped after the rest, because the rest uses it to finish (Valkey, the simulator)."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    support: bool = False


@dataclass(frozen=True)
class Patience:
    """In seconds (decisions D32). Tests use shorter ones."""

    first_delay: float = 0.2
    longest_delay: float = 10.0
    healthy_after: float = 60.0
    deaths: int = 5
    within: float = 60.0
    interrupt: float = 4.5  # Ctrl-C: KILL after
    terminate: float = 12.0  # TERM: KILL after


class Supervisor:
    """`run` returns the exit code: 0 after a signal or `stop`, 1 when a child died too often."""

    def __init__(self, say: Say, patience: Patience | None = None) -> None:
        self._say = say
        self._patience = patience or Patience()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._programs: dict[str, Program] = {}
        self._tending: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._at_once = asyncio.Event()
        self._grace = self._patience.terminate
        self._exit_code = 0

    def listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self.stop, self._patience.interrupt)
        loop.add_signal_handler(signal.SIGTERM, self.stop, self._patience.terminate)

    def stop(self, grace: float, exit_code: int = 0) -> None:
        """Stop everything within `grace` seconds; asked a second time, at once."""
        if self._stop.is_set():
            self._at_once.set()
            return
        self._grace, self._exit_code = grace, exit_code
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def start(self, programs: Sequence[Program]) -> None:
        for program in programs:
            self._programs[program.name] = program
            self._tending.append(asyncio.create_task(self._tend(program)))

    async def run(self) -> int:
        """Until a signal, `stop`, or five deaths of one child in a minute; then everything is stopped."""
        await self._stop.wait()
        await ended(self._tending)
        deadline = asyncio.get_running_loop().time() + self._grace
        await self._end([name for name, program in self._programs.items() if not program.support], deadline)
        await self._end(list(self._programs), deadline)
        return self._exit_code

    async def _tend(self, program: Program) -> None:
        clock = asyncio.get_running_loop().time
        deaths: deque[float] = deque(maxlen=self._patience.deaths)
        delay = self._patience.first_delay
        while True:
            began = clock()
            how = await self._live_and_die(program)
            if clock() - began >= self._patience.healthy_after:
                delay = self._patience.first_delay
            deaths.append(clock())
            if len(deaths) == self._patience.deaths and deaths[-1] - deaths[0] <= self._patience.within:
                self._say(f"{program.name} 在一分钟内退出了 {len(deaths)} 次（最后一次：{how}），服务停止")
                self.stop(self._patience.interrupt, exit_code=1)
                return
            self._say(f"{program.name} 已退出（{how}），{delay:g} 秒后重新启动")
            await asyncio.sleep(delay)
            delay = min(delay * 2, self._patience.longest_delay)

    async def _live_and_die(self, program: Program) -> str:
        """How it ended. A machine that has no room for it is no reason to give up on it at once."""
        try:
            process = await asyncio.create_subprocess_exec(
                *tethered(program.command),
                env={**os.environ, **program.environment},
                pass_fds=program.descriptors,
                stdin=asyncio.subprocess.DEVNULL,
                # Away from the terminal's Ctrl-C: it reaches the supervisor alone, which stops them in order.
                start_new_session=True,
            )
        except OSError as error:
            return f"无法启动：{error.strerror}"
        self._processes[program.name] = process
        code = await process.wait()
        _sweep(process)
        return _how(code)

    async def _end(self, names: list[str], deadline: float) -> None:
        """TERM, and KILL for what is left at `deadline` or when asked to hurry."""
        alive = [self._processes[n] for n in names if n in self._processes and self._processes[n].returncode is None]
        _send(alive, signal.SIGTERM)
        gone = asyncio.create_task(_all_gone(alive))
        hurry = asyncio.create_task(self._at_once.wait())
        remaining = max(0.0, deadline - asyncio.get_running_loop().time())
        await asyncio.wait([gone, hurry], timeout=remaining, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        _send(alive, signal.SIGKILL)
        await gone
        for process in alive:
            _sweep(process)


def _send(processes: Sequence[asyncio.subprocess.Process], number: signal.Signals) -> None:
    for process in processes:
        if process.returncode is None:
            process.send_signal(number)


async def _all_gone(processes: Sequence[asyncio.subprocess.Process]) -> None:
    for process in processes:
        await process.wait()


def _sweep(process: asyncio.subprocess.Process) -> None:
    """What a dead child left behind in its session goes too."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _how(code: int) -> str:
    return f"信号 {signal.Signals(-code).name}" if code < 0 else f"退出码 {code}"
