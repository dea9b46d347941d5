"""Three mariadbd of one Galera cluster on loopback, each with a data folder of its own."""

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

import pymysql

from tests.engines.servers import Server, executable, free_port, wait_until

_PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
_JOIN_SECONDS = 120.0
_GROUP = "zcgl_cluster"

# mariadbd refuses to be root. Changing the user forgets whose death one dies with, so that is said again.
_IS_ROOT = os.geteuid() == 0
_AS_MYSQL = ["setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups", "--pdeathsig=KILL"] if _IS_ROOT else []


class GaleraNode(Server):
    """`bootstrap` begins a new cluster; `start` joins the living ones, by an incremental transfer where they allow."""

    patience = _JOIN_SECONDS

    def __init__(self, folder: Path, number: int) -> None:
        super().__init__(folder)
        self.number, self.group_port, self.state_port, self.step_port = number, free_port(), free_port(), free_port()
        self.peers: list[GaleraNode] = []
        self._socket = folder / "m.sock"
        self._begins = False

    def bootstrap(self) -> None:
        self._begins = True
        self._install()
        super().start()
        self._begins = False
        self.run("CREATE USER zcgl@'%' IDENTIFIED BY 'zcgl-test'", "GRANT ALL ON *.* TO zcgl@'%'")

    def start(self) -> None:
        if not (self.folder / "data").exists():
            self._install()
        super().start()

    def command(self) -> list[str]:
        others = "" if self._begins else ",".join(f"127.0.0.1:{peer.group_port}" for peer in self.peers)
        options = [
            f"gmcast.listen_addr=tcp://127.0.0.1:{self.group_port}",
            f"ist.recv_addr=127.0.0.1:{self.step_port}",
            # A dead node is given up after 2 s instead of 5: meanwhile no COMMIT is answered.
            "evs.keepalive_period=PT0.5S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S",
            "gcache.size=64M;gcache.recover=yes",
        ]
        return [
            *_AS_MYSQL,
            executable("mariadbd", "mariadb-server"),
            *self._files(),
            f"--socket={self._socket}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--performance-schema=OFF",
            "--max-connections=300",
            "--innodb-buffer-pool-size=64M",
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
            "--innodb-flush-log-at-trx-commit=2",
            "--character-set-server=utf8mb4",
            "--wsrep-on=ON",
            f"--wsrep-provider={_PROVIDER}",
            f"--wsrep-provider-options={';'.join(options)}",
            f"--wsrep-cluster-name={_GROUP}",
            f"--wsrep-cluster-address=gcomm://{others}",
            f"--wsrep-node-name=node{self.number}",
            f"--wsrep-node-address=127.0.0.1:{self.group_port}",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address=127.0.0.1:{self.state_port}",
            *self._position(),
        ]

    def ask(self) -> None:
        """It takes part: it has all that the others have, and may be written to."""
        if self.status("wsrep_local_state_comment") != "Synced" or self.status("wsrep_ready") != "ON":
            raise OSError("not yet")

    def status(self, name: str) -> str:
        return str(self.run(f"SHOW STATUS LIKE '{name}'")[0][1])

    def run(self, *statements: str) -> tuple[tuple[object, ...], ...]:
        """As root, over the socket; the rows of the last statement."""
        entry = {"unix_socket": str(self._socket), "user": "root", "autocommit": True, "connect_timeout": 5}
        with pymysql.connect(**entry) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return tuple(cursor.fetchall())

    def _files(self) -> list[str]:
        return ["--no-defaults", f"--datadir={self.folder / 'data'}", "--innodb-log-file-size=32M"]

    def _install(self) -> None:
        if _IS_ROOT:
            owner = pwd.getpwnam("mysql")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        plain = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        self._once("mariadb-install-db", *(["--user=mysql"] if _IS_ROOT else []), *plain)

    def _position(self) -> list[str]:
        """Where a killed node stands, as its log tells: without it the whole database would be copied to it."""
        if self._begins or not (self.folder / "data" / "grastate.dat").exists():
            return []
        found = self._once("mariadbd", "--wsrep-recover")
        positions = re.findall(r"Recovered position: (\S+:\d+)", found)
        return [f"--wsrep-start-position={positions[-1]}"] if positions else []

    def _once(self, program: str, *options: str) -> str:
        """What it says on its way; `mariadbd` as the user it always runs as."""
        changed = _AS_MYSQL if program == "mariadbd" else []
        command = [*changed, executable(program, "mariadb-server"), *self._files(), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stderr


class Galera:
    """The whole cluster, the first node being the one that clients prefer."""

    def __init__(self, folder: Path) -> None:
        executable("rsync", "rsync")
        assert _PROVIDER.exists(), "galera-4 没有安装，请执行 apt-get install galera-4"
        self.nodes = [GaleraNode(_folder(folder, f"galera-{number}"), number) for number in (1, 2, 3)]
        for node in self.nodes:
            node.peers = [peer for peer in self.nodes if peer is not node]

    def start(self) -> None:
        first, *others = self.nodes
        first.bootstrap()
        for node in others:
            node.start()
        self.wait_for(len(self.nodes))
        first.run("CREATE DATABASE zcgl")

    def wait_for(self, size: int) -> None:
        """Every living node sees `size` of them."""
        wait_until(lambda: self.sizes() == {str(size)}, f"a Galera cluster of {size}", _JOIN_SECONDS)

    def sizes(self) -> set[str]:
        return {node.status("wsrep_cluster_size") for node in self.nodes if node.is_running()}

    @property
    def url(self) -> str:
        return self.url_of(*self.nodes)

    def url_of(self, *nodes: GaleraNode) -> str:
        """For a client that prefers the first of these."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
        return f"mysql://zcgl:zcgl-test@{hosts}/zcgl"

    def stop(self) -> None:
        for node in reversed(self.nodes):
            node.kill()
            shutil.rmtree(node.folder, ignore_errors=True)


def _folder(parent: Path, name: str) -> Path:
    parent.chmod(0o711)  # the user mysql must pass through
    folder = parent / name
    folder.mkdir(mode=0o700)
    return folder
