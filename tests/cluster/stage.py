"""Everything at once on loopback: engines, processes, nginx; started in order, taken down whatever happens."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.galera import Galera
from tests.cluster.parts import ROOT, Nginx, Simulator, Store, Web, Worker, without_settings
from tests.cluster.redis_cluster import RedisCluster
from tests.engines.engine import Engine
from tests.engines.servers import free_ports

PREFIX = "cluster"  # of our keys in Redis


@dataclass
class Stage:
    folder: Path
    engine: Engine
    galera: Galera
    redis: RedisCluster
    store: Store
    webs: list[Web]
    workers: list[Worker]
    simulator: Simulator
    nginx: Nginx
    settings: dict[str, str]

    def addresses(self) -> list[str]:
        ports = {
            "nginx（服务入口）": [self.nginx.port],
            "web 进程": [web.port for web in self.webs],
            "微信模拟器": [self.simulator.port],
            "Galera 节点": [node.port for node in self.galera.nodes],
            "Redis Cluster 节点": [node.port for node in self.redis.nodes],
            "S3 存储": [self.store.port],
        }
        lines = [f"  {name}  " + "  ".join(f"127.0.0.1:{port}" for port in used) for name, used in ports.items()]
        pids = "  ".join(str(worker.pid) for worker in self.workers)
        return [*lines, f"  worker 进程  pid {pids}", f"  数据与日志  {self.folder}"]

    def wait_until_joined(self) -> None:
        """Every node of either cluster that is alive sees all the others."""
        self.galera.wait_for(len(self.galera.nodes))
        self.redis.wait()
        self.redis.wait_for_replicas()

    def last_words(self) -> list[str]:
        """The ends of our own processes' logs."""
        logs = [server.folder / "server.log" for server in (*self.webs, *self.workers, self.nginx)]
        return [f"— {log.parent.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs]

    def zcgl(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Our command line against the cluster; the service is where nginx is."""
        command = [sys.executable, "-m", "server.run.cli", *words]
        environment = without_settings() | self.settings
        return subprocess.run(
            command, cwd=ROOT, env=environment, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )


@contextmanager
def whole_stage() -> Iterator[Stage]:
    """Kills what it started and removes what it wrote."""
    folder = Path(tempfile.mkdtemp(prefix="zcgl-cluster-"))
    with ExitStack() as ending:
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        yield _started(folder, ending)


def _started(folder: Path, ending: ExitStack) -> Stage:
    galera, redis, store = Galera(folder), RedisCluster(folder), Store(_folder(folder, "store"))
    for engine_server in (galera, redis, store):
        ending.callback(engine_server.stop)
        engine_server.start()
    port, home = free_ports(2), _folder(folder, "home")
    engine = Engine("cluster", home, galera.url, redis)
    settings = engine.environment() | store.settings() | _service(port)
    webs = [Web(_folder(folder, f"web-{n}"), settings) for n in (1, 2)]
    workers = [Worker(_folder(folder, f"worker-{n}"), settings) for n in (1, 2)]
    simulator = Simulator(_folder(folder, "simulator"), settings, port=port + 1, service=f"http://127.0.0.1:{port}")
    nginx = Nginx(_folder(folder, "nginx"), port, webs)
    stage = Stage(folder, engine, galera, redis, store, webs, workers, simulator, nginx, settings)
    for command in ("migrate", "seed"):
        done = stage.zcgl(command)
        assert done.returncode == 0, done.stdout
    for server in (simulator, *webs, *workers, nginx):
        ending.callback(server.kill)
        server.start()
    return stage


def _service(port: int) -> dict[str, str]:
    """As processes behind one proxy are told; the simulator stands where `zcgl demo` looks for it."""
    return {
        "ZCGL_PORT": str(port),
        "ZCGL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ZCGL_WECHAT__BASE_URL": f"http://127.0.0.1:{port + 1}",
        "ZCGL_PROXIES": "1",
        "ZCGL_REDIS_PREFIX": PREFIX,
    }


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir(mode=0o700)
    return folder
