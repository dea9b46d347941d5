"""`zcgl run`: one listening socket, the engines that come with the house, web processes and the worker behind it."""

import asyncio
import errno
import fcntl
import os
import pkgutil
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from config.settings import Settings
from models import migrations
from server.ending import ended
from server.run import valkey
from server.run.announcement import announce, until_ready
from server.run.listening import listen
from server.run.supervisor import Patience, Program, Supervisor
from server.run.tether import tethered

Say = Callable[[str], None]

# glibc keeps what threads free (password hashes of 19 MB, uploads) unless told to give it back: 150 MB a web process
# became 115 by these three. Other C libraries ignore them.
GIVE_BACK = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(256 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 1024),
}


class CannotStart(RuntimeError):
    """The message says why and what to do, in Chinese."""


def run_service(chosen: Settings, say: Say) -> int:
    """Serve until a signal; the exit code. Raises CannotStart before anything was started."""
    with _only_here(chosen.home), listening_socket(chosen.host, chosen.port) as listener:
        if uses_simulator(chosen):
            _refuse_taken_port(chosen.host, chosen.port + 1)
        return asyncio.run(_serve(chosen, listener, say))


async def _serve(chosen: Settings, listener: socket.socket, say: Say) -> int:
    supervisor = Supervisor(say)
    supervisor.listen_for_signals()
    starting = asyncio.create_task(_start(supervisor, chosen, listener, say))
    code = await supervisor.run()
    await ended([starting])
    return code


async def _start(supervisor: Supervisor, chosen: Settings, listener: socket.socket, say: Say) -> None:
    """The first start prepares and then serves, a later one serves and then prepares: seconds of waiting saved."""
    prepared = is_prepared(chosen)
    first, rest = serving_programs(chosen, listener)
    try:
        supervisor.start(engine_programs(chosen))
        if not prepared:
            await _prepare(chosen)
        supervisor.start(first)
        await until_ready(chosen, say)
        supervisor.start(rest)
        announce(chosen, say)
        if prepared:
            await _prepare(chosen)
    except (CannotStart, OSError, valkey.ValkeyMissing) as failure:
        say(f"启动失败：{failure}。请运行 zcgl doctor 查找原因")
        supervisor.stop(Patience().interrupt, exit_code=1)


async def _prepare(chosen: Settings) -> None:
    """Migrations, editions and demo data, in a process of its own: the supervisor stays small and hears signals."""
    command = [sys.executable, "-m", "server.run.preparation"]
    process = await asyncio.create_subprocess_exec(
        *tethered(command), env=os.environ | _environment(chosen), start_new_session=True
    )
    try:
        if await process.wait():
            raise CannotStart("数据库没有准备好（原因见上）")
    finally:
        if process.returncode is None:
            process.kill()


def is_prepared(chosen: Settings) -> bool:
    """Whether the embedded database is at head already; asked without loading the ORM, which takes a second."""
    path = chosen.home / "zcgl.sqlite3"
    if chosen.database_url.get_secret_value() or not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path)) as database:
            applied = {name for (name,) in database.execute("SELECT name FROM tortoise_migrations")}
    except sqlite3.Error:
        return False
    return {module.name for module in pkgutil.iter_modules(migrations.__path__)} <= applied


def engine_programs(chosen: Settings) -> list[Program]:
    programs = []
    if not chosen.redis_url.get_secret_value():
        socket_path = valkey.socket_path(chosen.home)
        valkey.prepare_socket(socket_path)
        command = valkey.command(socket=socket_path, folder=socket_path.parent)
        programs.append(Program("valkey", command, support=True))
    if uses_simulator(chosen):
        command = [sys.executable, "-m", "tests.simulator", "--port", str(chosen.port + 1)]
        programs.append(Program("simulator", command, _environment(chosen), support=True))
    return programs


def serving_programs(chosen: Settings, listener: socket.socket) -> tuple[list[Program], list[Program]]:
    """Those the first answer needs, and the other web processes: they would only slow the first one's start."""
    environment = _environment(chosen)
    inherited = environment | {
        "ZCGL_LISTEN_FD": str(listener.fileno()),
        "PROMETHEUS_MULTIPROC_DIR": str(_emptied(chosen.home / "run" / "metrics")),
    }
    command = [sys.executable, "-m", "server.run.web"]
    web = [
        Program(f"web-{number}", command, inherited, (listener.fileno(),))
        for number in range(1, chosen.web_processes + 1)
    ]
    worker = Program("worker", [sys.executable, "-m", "server.run.worker"], environment)
    return [web[0], worker], web[1:]


def _emptied(folder: Path) -> Path:
    """Where the web processes count together; what former ones counted would be counted again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def _environment(chosen: Settings) -> dict[str, str]:
    """Children read the same environment and file; only what was computed here is added."""
    environment = {"ZCGL_HOME": str(chosen.home), "ZCGL_PORT": str(chosen.port)} | GIVE_BACK
    if not chosen.redis_url.get_secret_value():
        environment["ZCGL_REDIS_URL"] = f"unix://{valkey.socket_path(chosen.home)}"
    return environment


def uses_simulator(chosen: Settings) -> bool:
    return chosen.wechat.base_url is None and not chosen.is_production


def listening_socket(host: str, port: int) -> socket.socket:
    """Raises CannotStart when the port is taken or not ours to use."""
    try:
        return listen(host, port)
    except OSError as error:
        why = "已被占用" if error.errno == errno.EADDRINUSE else error.strerror
        raise CannotStart(f"端口 {port} 无法使用：{why}。请换一个，例如 make run PORT=8080") from error


def _refuse_taken_port(host: str, port: int) -> None:
    if port > 65535:
        raise CannotStart(f"微信模拟器需要下一个端口 {port}，它不存在。请换一个较小的端口")
    listening_socket(host, port).close()


@contextmanager
def _only_here(home: Path) -> Iterator[None]:
    """One `zcgl run` a data folder: two would take each other's Valkey socket away."""
    (home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "run" / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise CannotStart(f"已有一个服务在使用数据目录 {home}。请先停止它，或用 ZCGL_HOME= 指定另一个") from taken
        yield
