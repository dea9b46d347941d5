"""`python -m tests.cluster.rehearsal`: a running service is backed up, restored elsewhere, and examined there.

The scripts are those of deploy/backup. Exit 1 when anything is missing, altered or refuses to start.
"""

import asyncio
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.settings import S3Settings
from models.materials import Page
from server import clock, crypto
from server.audit.chain import link_entries, verify_chain
from server.gateways.object_store import open_store
from tests.cluster.parts import ROOT, HttpServer, without_settings
from tests.engines.engine import KEYRING, Engine
from tests.engines.servers import MariaDB, RedisServer, free_ports

_DATABASE = "zcgl"
_COMPARED = ("account", "application", "history_entry", "appointment", "visit", "page", "message", "delivery")


class Service(HttpServer):
    """`zcgl run`, as on one machine."""

    path = "/healthz/ready"
    patience = 90.0

    def __init__(self, folder: Path, settings: dict[str, str], port: int) -> None:
        super().__init__(folder)
        self.port, self._settings = port, settings

    def command(self) -> list[str]:
        return [sys.executable, "-m", "server.run.cli", "run"]

    def environment(self) -> dict[str, str]:
        return without_settings() | self._settings


@dataclass
class Site:
    """One machine: a database server, a Redis, a data folder, and nothing running on them yet."""

    folder: Path
    engine: Engine
    mariadb: MariaDB
    service: Service
    settings: dict[str, str]

    def run(self, *command: str) -> None:
        """Said aloud; raises when it fails."""
        print("$", " ".join(command), flush=True)
        subprocess.run(command, cwd=ROOT, env=without_settings() | self.settings, check=True)

    def zcgl(self, word: str) -> None:
        self.run(sys.executable, "-m", "server.run.cli", word)

    def counts(self) -> dict[str, object]:
        return {name: self.mariadb.run(f"SELECT COUNT(*) FROM {_DATABASE}.{name}")[0][0] for name in _COMPARED}


@contextmanager
def site(parent: Path, name: str) -> Iterator[Site]:
    with ExitStack() as ending:
        folders = [parent / name / part for part in ("home", "mariadb", "redis", "service")]
        for folder in folders:
            folder.mkdir(parents=True, mode=0o700)
        home, *others = folders
        mariadb, redis = MariaDB(others[0], durable=True), RedisServer(others[1])
        for server in (mariadb, redis):
            ending.callback(server.kill)
            server.start()
        engine, port = Engine(name, home, mariadb.create_database(_DATABASE), redis, mariadb), free_ports(2)
        (home / "backup.cnf").write_text(
            f"[client]\nhost=127.0.0.1\nport={mariadb.port}\nuser=zcgl\npassword=zcgl-test\n"
        )
        scripts = {"BACKUP_CNF": str(home / "backup.cnf"), "PYTHON": sys.executable}
        settings = engine.environment() | scripts | {"ZCGL_PORT": str(port)}
        service = Service(others[2], settings, port)
        ending.callback(service.stop)
        yield Site(parent / name, engine, mariadb, service, settings)


def rehearse(parent: Path) -> list[str]:
    """What was wrong; nothing when the restored service is as good as the first."""
    backup = parent / "backup"
    with site(parent, "first") as first:
        first.service.start()
        first.zcgl("demo")
        first.run(f"{ROOT}/deploy/backup/backup", str(backup), _DATABASE)
        before = first.counts()
    with site(parent, "second") as second:
        # WeChat is not ours to restore: it lives on, and so does what its simulator remembers.
        shutil.copy(first.engine.home / "simulator.json", second.engine.home)
        second.run(f"{ROOT}/deploy/backup/restore", str(backup), _DATABASE)
        second.zcgl("migrate")
        second.zcgl("doctor")
        after = second.counts()
        faults = [
            f"{name}: {before[name]} before, {after[name]} after" for name in before if before[name] != after[name]
        ]
        faults += asyncio.run(_examined(second))
        second.service.start()
        second.zcgl("demo")
    return faults


async def _examined(restored: Site) -> list[str]:
    """Every page opens with the keys and is what it was; the audit chain is whole."""
    async with restored.engine.opened():
        store, pages = open_store("", restored.engine.home, S3Settings()), await Page.all()
        faults = [
            f"page {page.id} is not what it was"
            for page in pages
            if hashlib.sha256(await store.get(page.object_key)).hexdigest() != page.sha256
        ]
        while await link_entries():
            pass
        chain = await verify_chain()
    print(f"材料 {len(pages)} 页全部可以打开；审计链 {chain.linked} 条", flush=True)
    return faults + ([f"the audit chain breaks at {chain.broken_at}"] if chain.broken_at else [])


def main() -> int:
    parent = Path(tempfile.mkdtemp(prefix="zcgl-rehearsal-"))
    crypto.use(KEYRING)
    clock.set_offset(0)
    try:
        faults = rehearse(parent)
    finally:
        shutil.rmtree(parent, ignore_errors=True)
    print("\n".join(faults) if faults else "备份与恢复演练通过：行数一致，材料可以打开，审计链完整，演示一致")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
