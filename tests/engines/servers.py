"""Private server processes for tests: each on a port of its own, in memory, dead when the test run is."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymysql

from server.run import valkey
from server.run.tether import tethered

_START_SECONDS = 30.0
_SYSTEM_PATHS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


class EngineMissing(AssertionError):
    """A test that skips in silence proves nothing: a missing engine is a failure that names the package."""


def executable(name: str, package: str) -> str:
    found = shutil.which(name, path=_SYSTEM_PATHS)
    if found is None:
        raise EngineMissing(f"{name} 没有安装，请执行 apt-get install {package} (install the Debian package {package})")
    return found


def scratch_folder() -> Path:
    """On tmpfs where there is one, or inside $SCRATCH, for those who are killed and clean nothing up."""
    memory = Path(os.environ.get("SCRATCH", "/dev/shm"))
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    return Path(tempfile.mkdtemp(prefix="zcgl-test-", dir=memory if usable else None))


def free_port() -> int:
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many in a row. Below those that the kernel gives to outgoing connections, one of which might
    take it before its server does."""
    while True:
        first = random.randrange(15_000, 32_000)
        if all(map(_is_free, range(first, first + count))):
            return first


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


class Server(ABC):
    """One private process. `start` returns when it answers; it may be stopped, killed, frozen and started again."""

    patience = _START_SECONDS

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it in the foreground."""

    @abstractmethod
    def ask(self) -> None:
        """Raises while the server does not answer."""

    def environment(self) -> dict[str, str] | None:
        """Its variables; None for ours."""
        return None

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                tethered(self.command()),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        what = f"{type(self).__name__} on port {self.port}; {self.folder / 'server.log'}"
        wait_until(self._answers, what, self.patience)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """It holds its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self.is_running():
            self._process.send_signal(number)
            self._process.wait(_START_SECONDS)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            tail = (self.folder / "server.log").read_text(errors="replace")[-2000:]
            raise AssertionError(f"{type(self).__name__} ended with {self._process.returncode}:\n{tail}")
        try:
            self.ask()
        except (pymysql.MySQLError, OSError):
            return False
        return True


class RedisServer(Server):
    """Debian's redis-server, persistence off."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        server = executable("redis-server", "redis-server")
        quiet = ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--loglevel", "warning"]
        return [server, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), *quiet]

    def ask(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            if not connection.recv(64).startswith(b"+PONG"):
                raise ConnectionError("not yet")


class ValkeyServer(RedisServer):
    """The bundled Valkey, as the service starts it, on a port instead of a socket."""

    def command(self) -> list[str]:
        return valkey.command(port=self.port, folder=self.folder)


class MariaDB(Server):
    """Debian's mariadbd with unkind defaults: what the service needs it must ask for on every connection."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        super().__init__(folder)
        self._flush = 1 if durable else 2
        self._socket = folder / "m.sock"

    def url(self, database: str) -> str:
        return f"mysql://zcgl:zcgl-test@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        return [
            executable("mariadbd", "mariadb-server"),
            *self._common(),
            f"--socket={self._socket}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--performance-schema=OFF",
            "--max-connections=300",
            "--innodb-buffer-pool-size=96M",
            f"--innodb-flush-log-at-trx-commit={self._flush}",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_unicode_ci",
            "--default-time-zone=+08:00",
            "--transaction-isolation=REPEATABLE-READ",
        ]

    def start(self) -> None:
        fresh = not (self.folder / "data").exists()
        if fresh:
            self._install()
        super().start()
        if fresh:
            self.run("CREATE USER zcgl@'%' IDENTIFIED BY 'zcgl-test'", "GRANT ALL ON *.* TO zcgl@'%'")

    def ask(self) -> None:
        self.run("SELECT 1")

    def run(self, *statements: str) -> tuple[tuple[Any, ...], ...]:
        """As root, over the socket; the rows of the last statement."""
        # Connected by hand: pymysql forgets to close a socket on which nobody answers yet.
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self._socket))
            connection = pymysql.connect(user="root", autocommit=True, defer_connect=True)
            connection.connect(line)
            with connection, connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return tuple(cursor.fetchall())

    def create_database(self, name: str) -> str:
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def cut_all_connections(self) -> int:
        """KILL every client of ours on the server; how many there were."""
        rows = self.run("SELECT id FROM information_schema.processlist WHERE user = 'zcgl'")
        self.run(*(f"KILL {row[0]}" for row in rows))
        return len(rows)

    def _common(self) -> list[str]:
        user = ["--user=root"] if os.geteuid() == 0 else []
        return ["--no-defaults", f"--datadir={self.folder / 'data'}", "--innodb-log-file-size=32M", *user]

    def _install(self) -> None:
        install = executable("mariadb-install-db", "mariadb-server")
        subprocess.run(
            [install, *self._common(), "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True,
            capture_output=True,
        )


def wait_until(holds: Callable[[], bool], what: str, seconds: float = _START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{seconds} s passed without {what}"
        time.sleep(0.05)


def python(*arguments: str) -> list[str]:
    """The command of a second process of ours."""
    return [sys.executable, *arguments]
