"""A copy of the house in a folder of its own, where mutmut may write what it likes."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from models.orm import orm_config
from server.run.schema import apply_migrations
from tests.engines.servers import scratch_folder
from tests.mutation.groups import Group

ROOT = Path(__file__).parent.parent.parent
_MUTATED = "server"
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BESIDE = ("config", "models", "miniprogram-api", "console-api", "tests")
# A mutant takes a tenth of a second without the plugins that search for leaks after each run, and those we do not use.
_WITHOUT = ("cacheprovider", "unraisableexception", "threadexception", "schemathesis", "xdist")


def run_mutants(group: Group, folder: Path, children: int) -> None:
    """Leaves the verdicts in `folder`/mutants; says what went wrong, if mutmut could not begin."""
    for name in (_MUTATED, *_BESIDE):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(text + _settings(group), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(children)]
    scratch = scratch_folder()
    told = os.environ | {"PREPARED_SQLITE": str(_prepared(folder)), "SCRATCH": str(scratch)}
    try:
        done = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line[:1] not in _SPINNER]
        sys.stderr.write("\n".join(said[-60:]) + "\n")


def _prepared(folder: Path) -> Path:
    """A migrated database to copy, for migrating takes longer than all else that a mutant's run does."""
    database = folder / "prepared.sqlite3"
    asyncio.run(apply_migrations(orm_config(f"sqlite://{database}", folder, 1)))
    return database


def _settings(group: Group) -> str:
    """Workers are forked from a process that has imported the tests and run none: caches are empty."""
    chosen = {
        "source_paths": [_MUTATED],
        "only_mutate": [f"{_MUTATED}/{module}.py" for module in group.mutated],
        "also_copy": list(_BESIDE),
        "pytest_add_cli_args_test_selection": list(group.tests),
        "pytest_add_cli_args": [
            *group.chosen,
            "-ptests.mutation.quick",
            *(f"-pno:{plugin}" for plugin in _WITHOUT),
        ],
        "process_isolation": "forkserver",
        "timeout_constant": 1.5,  # seconds; five times this and the tests' own time is the limit
        "timeout_multiplier": 5.0,
        "use_git_change_detection": False,
    }
    return "\n[tool.mutmut]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in chosen.items())
