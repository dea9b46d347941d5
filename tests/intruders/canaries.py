"""Values that must stand in no log and in no copy of what is stored, and the places where they are looked for."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from tests.engines.engine import Engine
from tests.engines.servers import executable


@dataclass
class Canaries:
    """By kind. An openid is a pseudonym that rows are found by: it stands in the database, and nowhere else."""

    seeded: dict[str, set[str]] = field(default_factory=dict)

    def seed(self, kind: str, *values: str) -> None:
        self.seeded.setdefault(kind, set()).update(value for value in values if value)

    def seen_in(self, data: bytes) -> list[str]:
        """Which of them `data` shows, as they are or in hexadecimal; nothing when all is well."""
        return [
            f"{kind}: {value}"
            for kind, values in self.seeded.items()
            for value in values
            if value.encode() in data or value.encode().hex().encode() in data
        ]


def database_copy(engine: Engine) -> bytes:
    """What a thief of the database has: the files of SQLite, or a dump of MariaDB and the files under it."""
    if engine.mariadb is None:
        return b"".join(path.read_bytes() for path in sorted(engine.home.glob("*.sqlite3*")))
    name = engine.database_url.rpartition("/")[2]
    command = [executable("mariadb-dump", "mariadb-client"), "--no-defaults", "-uzcgl", "-pzcgl-test", "-h127.0.0.1"]
    dump = subprocess.run([*command, f"-P{engine.mariadb.port}", "--skip-ssl", name], check=True, capture_output=True)
    engine.mariadb.run("FLUSH TABLES")
    return dump.stdout + b"".join(path.read_bytes() for path in _files_of(engine, name))


def _files_of(engine: Engine, name: str) -> Iterable[Path]:
    """Tables, undo and redo log: what was deleted or changed lingers there."""
    assert engine.mariadb is not None
    data = engine.mariadb.folder / "data"
    return [*sorted((data / name).glob("*")), *sorted(data.glob("ib*")), *sorted(data.glob("undo*"))]


async def redis_copy(engine: Engine) -> bytes:
    """Every key and all that it holds."""
    async with Redis.from_url(engine.redis.url) as redis:
        keys = [key async for key in redis.scan_iter()]
        return b"\n".join([key + b" " + await _value_of(redis, key) for key in keys])


async def _value_of(redis: Redis, key: bytes) -> bytes:
    read = {
        b"string": lambda: redis.get(key),
        b"hash": lambda: redis.hgetall(key),
        b"list": lambda: redis.lrange(key, 0, -1),
        b"set": lambda: redis.smembers(key),
        b"zset": lambda: redis.zrange(key, 0, -1, withscores=True),
        b"none": lambda: redis.get(key),  # gone meanwhile
    }
    value: Any = await read[await redis.type(key)]()
    return value if isinstance(value, bytes) else repr(value).encode()


@asynccontextmanager
async def overheard(engine: Engine) -> AsyncIterator[list[str]]:
    """Every command that Redis is sent meanwhile: also what lives there for a second."""
    commands: list[str] = []

    async def listen() -> None:
        async for command in monitor.listen():
            commands.append(command["command"])

    async with Redis.from_url(engine.redis.url, socket_timeout=None) as redis, redis.monitor() as monitor:
        listening = asyncio.create_task(listen())
        try:
            yield commands
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


def stored_objects(engine: Engine) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (engine.home / "objects").rglob("*") if path.is_file()}
