"""`python -m tests.cluster.rolling REVISION`: the code of a former revision on the schema of this one.

In a rolling upgrade the migrations are applied first and old processes go on for minutes: the manual's story must pass
on them, and then on the new ones with what the old ones wrote. Exit 1 when it does not.
"""

import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

from tests.cluster.parts import ROOT
from tests.cluster.rehearsal import Service, Site, site


class FormerService(Service):
    """`zcgl run` of another checkout."""

    code = ROOT

    def environment(self) -> dict[str, str]:
        paths = (self.code, self.code / "miniprogram-api", self.code / "console-api")
        return super().environment() | {"PYTHONPATH": ":".join(map(str, paths))}

    def command(self) -> list[str]:
        return ["env", "-C", str(self.code), *super().command()]


def check_out(revision: str, folder: Path) -> Path:
    packed = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def roll(place: Site, former: Path) -> None:
    """Raises when either version does not tell the story to its end."""
    place.zcgl("migrate")
    place.zcgl("seed")
    old = FormerService(place.service.folder, place.settings, place.service.port)
    old.code = former
    old.start()
    try:
        done = subprocess.run([*old.command()[:-1], "demo"], env=old.environment(), check=False)
    finally:
        old.stop()
    if done.returncode:
        raise SystemExit("旧版本在新的数据库结构上没有演完")
    place.service.start()
    place.zcgl("demo")


def main() -> None:
    [revision] = sys.argv[1:] or ["HEAD~1"]
    with tempfile.TemporaryDirectory(prefix="zcgl-rolling-") as folder, site(Path(folder), "place") as place:
        roll(place, check_out(revision, Path(folder) / "former"))
    print(f"滚动升级演练通过：{revision} 的代码在现在的数据库结构上演示一致，现在的代码接着演示一致")


if __name__ == "__main__":
    main()
