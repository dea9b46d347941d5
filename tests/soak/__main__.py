"""`python -m tests.soak SECONDS [--seed N] [--kills N]`: exit 1 when an invariant broke."""

import argparse
import asyncio
import random
import sys

from server import clock, crypto
from tests.engines.engine import KEYRING
from tests.soak.run import Plan, run_soak


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.soak", description="故障浸泡测试")
    arguments.add_argument("seconds", type=float)
    arguments.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments.add_argument("--kills", type=int, default=0, help="至少杀死这么多进程才结束")
    chosen = arguments.parse_args()
    crypto.use(KEYRING)
    clock.set_offset(0)
    report = asyncio.run(run_soak(Plan(chosen.seconds, chosen.seed, chosen.kills)))
    print("\n".join(report.lines()))
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
