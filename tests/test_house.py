"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.businesses import catalogue

ROOT = Path(__file__).parent.parent
PRODUCT = ("config", "models", "server", "miniprogram-api", "console-api")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LONGEST = 250  # lines of a module; a longer one holds two ideas
DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "tools"}
STORYTELLERS = ("server/run/demo/", "server/run/seed.py")  # they play named businesses on purpose


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", document.read_text())
    dead = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert dead == []


def test_where_names_files_that_exist() -> None:
    named = re.findall(r"`([^`]+)`", (ROOT / "docs" / "where.md").read_text())
    paths = [name for name in named if "/" in name and " " not in name]
    assert len(paths) > 30
    assert [path for path in paths if not list(ROOT.glob(path))] == []


def test_no_row_is_locked_by_a_read() -> None:
    """Leases and bookings are decided by unique keys and compare-and-swap, on every engine alike."""
    words = re.compile(r"FOR UPDATE|SKIP LOCKED|select_for_update|LOCK TABLES", re.IGNORECASE)
    assert [name_of(path) for path in modules(*PRODUCT) if words.search(path.read_text())] == []


def test_no_business_is_named_in_python() -> None:
    """A new business is a new file and no Python."""
    keys = set(catalogue().businesses)
    found = {
        f"{name_of(path)}:{node.lineno} {node.value}"
        for path in modules(*PRODUCT)
        if not name_of(path).startswith(STORYTELLERS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in keys
    }
    assert found == set()


def test_no_module_is_long_and_none_is_a_drawer() -> None:
    assert [name_of(path) for path in modules(*PRODUCT) if len(path.read_text().splitlines()) > LONGEST] == []
    assert [
        name_of(path)
        for path in modules(*PRODUCT, "tests")
        if DRAWERS & {path.stem, *path.relative_to(ROOT).parent.parts}
    ] == []


def test_no_file_names_a_registry_or_puts_work_off() -> None:
    """Dependencies come from wherever the machine is told to take them."""
    forbidden = re.compile(r"files\.pythonhosted|pypi\.org|--(extra-)?index-url|registry\.npm|\bTODO\b|\bFIXME\b")
    texts = (path for path in tracked() if path != Path(__file__) and path.is_file())
    assert [name_of(path) for path in texts if forbidden.search(path.read_text(errors="ignore"))] == []


def test_every_dependency_is_pinned_with_its_hash() -> None:
    for lock in (ROOT / "requirements.lock", ROOT / "requirements-dev.lock"):
        entries = [entry for entry in re.split(r"\n(?=[a-z0-9])", lock.read_text()) if not entry.startswith("#")]
        assert len(entries) > 30
        assert [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_tests_wait_for_conditions_and_never_for_the_clock() -> None:
    """`asyncio.sleep(0)` gives way and a loop asks again; a bare pause proves nothing."""
    tests = [path for path in modules("tests") if path.name.startswith("test_")]
    assert [f"{name_of(path)}:{line}" for path in tests for line in pauses(ast.parse(path.read_text()))] == []


def pauses(tree: ast.AST) -> set[int]:
    """Lines of sleeps that stand in no while loop."""
    asking = {id(node) for loop in ast.walk(tree) if isinstance(loop, ast.While) for node in ast.walk(loop)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in asking]
    sleeps = [call for call in calls if ast.unparse(call.func) in {"time.sleep", "asyncio.sleep", "sleep"}]
    return {call.lineno for call in sleeps if ast.unparse(call.args[0]) != "0"}
