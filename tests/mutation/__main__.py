"""`python -m tests.mutation [GROUP…] [--children N]`: the score per file; exit 1 where it is under 90 % in all."""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.mutation.groups import GROUPS, Group
from tests.mutation.stage import run_mutants
from tests.mutation.verdicts import Score, percent, scores, table

_ENOUGH = 90.0


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.mutation", description="变异测试")
    arguments.add_argument("groups", nargs="*", metavar="GROUP", help=" ".join(group.name for group in GROUPS))
    arguments.add_argument("--children", type=int, default=os.cpu_count())
    chosen = arguments.parse_args()
    found: list[Score] = []
    for group in GROUPS:
        if not chosen.groups or group.name in chosen.groups:
            found += _scored(group, chosen.children)
    sys.stdout.write("".join(f"{survivor}\n\n" for score in found for survivor in score.survivors))
    sys.stdout.write("".join(f"{line}\n" for line in table(found)))
    sys.stdout.write(f"{percent(*found):6.1f} %  in all\n")
    return 0 if percent(*found) >= _ENOUGH else 1


def _scored(group: Group, children: int) -> list[Score]:
    folder = Path(tempfile.mkdtemp(prefix="zcgl-mutation-"))
    try:
        run_mutants(group, folder, children)
        found = scores(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [*found, *_unscored(group, found)]


def _unscored(group: Group, found: list[Score]) -> list[Score]:
    """A file of which nothing is known counts as missed."""
    missing = {f"server/{module}.py" for module in group.mutated} - {score.file for score in found}
    return [Score(file, 0, 0, 0, (f"{file}: not mutated",)) for file in sorted(missing)]


if __name__ == "__main__":
    sys.exit(main())
