"""Reads what became of each mutant, and tells the equivalent ones apart."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

_NOTICED = {"killed", "timeout"}
_LIST = Path(__file__).parent / "equivalent.yaml"


@dataclass(frozen=True)
class Score:
    """One file's mutants: `noticed` by a test, `endless` of them by a timeout, `equivalent` to the code as it
    stands, `survivors` as diffs."""

    file: str
    noticed: int
    endless: int
    equivalent: int
    survivors: tuple[str, ...]

    @property
    def total(self) -> int:
        """Equivalent ones do not count: nothing can tell them from the code."""
        return self.noticed + len(self.survivors)


def scores(folder: Path) -> list[Score]:
    with contextlib.chdir(folder):  # mutmut looks for everything in the present folder
        metas = sorted(Path("mutants").rglob("*.py.meta"))
        return [_score(meta, verdicts) for meta in metas if (verdicts := _verdicts(meta))]


def _verdicts(meta: Path) -> Mapping[str, int | None]:
    found: Mapping[str, int | None] = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def _score(meta: Path, verdicts: Mapping[str, int | None]) -> Score:
    file = str(meta.relative_to("mutants")).removesuffix(".meta")
    missed = [name for name, code in verdicts.items() if status_by_exit_code[code] not in _NOTICED]
    diffs = {name: _diff(name, file, status_by_exit_code[verdicts[name]]) for name in missed}
    survivors = tuple(diff for diff in diffs.values() if not _is_equivalent(file, diff))
    endless = sum(status_by_exit_code[code] == "timeout" for code in verdicts.values())
    return Score(file, len(verdicts) - len(missed), endless, len(missed) - len(survivors), survivors)


def _diff(name: str, file: str, status: str) -> str:
    lines = get_diff_for_mutant(name, path=file).splitlines()[3:]
    return f"{name} ({status})\n" + "\n".join(line for line in lines if line[:1] in "+-")


def _is_equivalent(file: str, diff: str) -> bool:
    changed = {line[1:].strip() for line in diff.splitlines() if line[:1] == "+"}
    return bool(changed & _equivalent().get(file, set()))


@cache
def _equivalent() -> Mapping[str, Set[str]]:
    """File -> changed lines that mean the same as the code, each with a reason beside it in the list."""
    listed = yaml.safe_load(_LIST.read_text(encoding="utf-8")) or {}
    return {file: {entry["line"] for entry in entries} for file, entries in listed.items()}


def table(found: list[Score]) -> Iterator[str]:
    for score in found:
        remarks = {"timeout": score.endless, "equivalent": score.equivalent}
        beside = "".join(f"   {word} {count}" for word, count in remarks.items() if count)
        yield f"{percent(score):6.1f} %  {score.noticed:4d} / {score.total:4d}  {score.file}{beside}"


def percent(*found: Score) -> float:
    return 100 * sum(score.noticed for score in found) / max(sum(score.total for score in found), 1)
