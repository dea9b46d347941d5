"""What a web process loads before it answers, and what comes after: looked at in a process of its own."""

import asyncio
import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from server.run.web import begin_the_rest, end_the_rest
from tests.engines.servers import free_port

_ROOT = Path(__file__).parents[3]
AFTERWARDS = {"aiohttp", "wechatpy", "requests", "xmltodict", "yaml", "pymysql", "PIL", "pikepdf", "typst"}

_OPEN = """
import asyncio, json, linecache, sys
import server.run.web
from config.settings import settings
from server.run.compose import open_services

async def look():
    async with open_services(settings()) as services:
        before = sorted(sys.modules)
        wechat = await services.wechat()
        return before, sorted(sys.modules), sorted(linecache.cache), sorted(wechat.senders)

print(json.dumps(asyncio.run(look())))
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    """Of a process that needs no engine before it is asked anything."""
    given = {"ZCGL_HOME": str(home), "ZCGL_CONFIG": str(home / "none.toml"), "ZCGL_REDIS_URL": "redis://127.0.0.1:1/0"}
    return os.environ | given | more


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str], list[str], list[str]]:
    """Modules before and after WeChat is first asked for, sources read, and the channels it then offers."""
    home = tmp_path_factory.mktemp("start")
    found = subprocess.run(
        [sys.executable, "-c", _OPEN], env=environment(home), cwd=_ROOT, capture_output=True, check=True
    )
    before, after, sources, channels = json.loads(found.stdout)
    return set(before), set(after), sources, channels


def test_what_only_wechat_files_and_pictures_need_is_not_loaded_first(
    looked: tuple[set[str], set[str], list[str], list[str]],
) -> None:
    before, *_ = looked

    assert AFTERWARDS & before == set()


def test_whoever_needs_wechat_has_it_loaded(looked: tuple[set[str], set[str], list[str], list[str]]) -> None:
    _, after, _, channels = looked

    assert {"aiohttp", "wechatpy"} <= after
    assert channels == ["mini_program", "wechat"]


def test_no_model_s_source_is_read(looked: tuple[set[str], set[str], list[str], list[str]]) -> None:
    """Tortoise would look for comments in it: see models.spared."""
    *_, sources, _ = looked

    assert [source for source in sources if "tortoise" in source or f"{_ROOT}/models" in source] == []


def test_a_process_that_cannot_load_the_rest_ends_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "wechatpy.py").write_text("raise ImportError")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    given = environment(tmp_path, PYTHONPATH=path, ZCGL_PORT=str(free_port()))

    ended = subprocess.run(
        [sys.executable, "-m", "server.run.web"], env=given, cwd=_ROOT, capture_output=True, timeout=30, check=False
    )

    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(event["event"], event["error"]) for event in events] == [("wechat_not_loaded", "ImportError")]


_TOLD_EARLY = """
import os, signal
from server.run import web

begin = web.begin_the_rest

async def begin_and_be_told(app):
    await begin(app)
    os.kill(os.getpid(), signal.SIGTERM)

web.begin_the_rest = begin_and_be_told
web.main()
"""


def test_a_process_told_to_stop_just_before_it_serves_ends(tmp_path: Path) -> None:
    given = environment(tmp_path, ZCGL_PORT=str(free_port()))

    ended = subprocess.run([sys.executable, "-c", _TOLD_EARLY], env=given, cwd=_ROOT, timeout=15, check=False)

    assert ended.returncode == 0


def test_whoever_only_loads_the_module_goes_on_collecting_garbage() -> None:
    assert gc.isenabled()


async def test_a_process_told_to_stop_loads_nothing_more() -> None:
    asked: list[str] = []

    async def wechat() -> None:
        asked.append("wechat")

    app: Any = SimpleNamespace(ctx=SimpleNamespace(services=SimpleNamespace(wechat=wechat)))
    await begin_the_rest(app)
    await asyncio.sleep(0)

    await end_the_rest(app)

    assert app.ctx.rest.cancelled()
    assert asked == []
