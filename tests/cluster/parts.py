"""What stands around the engines: the S3-protocol store, web and worker processes, WeChat's simulator, nginx."""

import json
import os
import signal
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.engines.servers import Server, executable

ROOT = Path(__file__).parents[2]
BUCKET = "zcgl"


class HttpServer(Server):
    """A server that is asked over HTTP whether it is there."""

    path = "/"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self) -> None:
        urllib.request.urlopen(self.url + self.path, timeout=5).close()


class Store(HttpServer):
    """moto's S3, which keeps objects in memory: a killed one comes back empty, and is given its bucket again."""

    path = "/moto-api/"

    def command(self) -> list[str]:
        program = Path(sys.prefix) / "cluster" / "bin" / "moto_server"
        assert program.exists(), f"缺少 {program}，请用 make cluster 运行"
        return [str(program), "-H", "127.0.0.1", "-p", str(self.port)]

    def start(self) -> None:
        super().start()
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/{BUCKET}", method="PUT"), timeout=5).close()

    def settings(self) -> dict[str, str]:
        return {
            "ZCGL_STORE_URL": f"s3://{BUCKET}",
            "ZCGL_STORE_S3__ENDPOINT": self.url,
            "ZCGL_STORE_S3__REGION": "us-east-1",
            "ZCGL_STORE_S3__ACCESS_KEY_ID": "cluster",
            "ZCGL_STORE_S3__SECRET_ACCESS_KEY": "cluster",
        }


class OurProcess(HttpServer):
    """A process of the service or of its tests, with settings of its own."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        super().__init__(folder)
        self._settings = settings

    def environment(self) -> dict[str, str]:
        return without_settings() | self._settings


class Web(OurProcess):
    path = "/healthz/live"

    def command(self) -> list[str]:
        return [sys.executable, "-m", "server.run.web"]

    def environment(self) -> dict[str, str]:
        return super().environment() | {"ZCGL_PORT": str(self.port)}


class Worker(OurProcess):
    def command(self) -> list[str]:
        return [sys.executable, "-m", "server.run.worker"]

    def ask(self) -> None:
        """It wrote so: it has no port."""
        lines = (self.folder / "server.log").read_text(errors="replace").splitlines()
        said = [json.loads(line) for line in lines if '"worker_started"' in line]
        if not any(line["pid"] == self.pid for line in said):
            raise OSError("not yet")


class Simulator(OurProcess):
    def __init__(self, folder: Path, settings: dict[str, str], *, port: int, service: str) -> None:
        super().__init__(folder, settings)
        self.port, self._service = port, service

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.simulator", "--port", str(self.port), "--service", self._service]


class Nginx(HttpServer):
    """Debian's nginx with the very rules that are deployed, deploy/nginx/zcgl-locations.conf."""

    path = "/healthz/live"

    def __init__(self, folder: Path, port: int, upstream: Sequence[Web]) -> None:
        super().__init__(folder)
        self.port, self._upstream = port, upstream

    def command(self) -> list[str]:
        program = executable("nginx", "nginx")
        (self.folder / "nginx.conf").write_text(self._configuration())
        return [program, "-e", "stderr", "-p", str(self.folder), "-c", "nginx.conf"]

    def kill(self) -> None:
        """Its workers too: without their master they would go on."""
        os.killpg(self.pid, signal.SIGKILL)
        super().kill()

    def _configuration(self) -> str:
        servers = "\n".join(f"    server 127.0.0.1:{web.port} max_fails=1 fail_timeout=5s;" for web in self._upstream)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "\n".join(f"  {kind}_temp_path {kind};" for kind in kinds)
        return f"""
daemon off;
{"user root;" if os.geteuid() == 0 else ""}
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
{temporary}
  access_log off;
  upstream zcgl {{
    zone zcgl 64k;
    least_conn;
{servers}
    keepalive 64;
  }}
  server {{
    listen 127.0.0.1:{self.port};
    include {ROOT}/deploy/nginx/zcgl-locations.conf;
  }}
}}
"""


def without_settings() -> dict[str, str]:
    """This process's environment without the service's options."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ZCGL_")}
