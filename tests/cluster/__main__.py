"""`make cluster`: start everything, kill one node of each kind, tell what held; exit 1 when anything did not."""

import asyncio
import sys
import time

from server import clock, crypto
from tests.cluster.stage import whole_stage
from tests.cluster.tour import tour
from tests.engines.engine import KEYRING


def main() -> int:
    began = time.monotonic()
    print("正在启动三个 Galera 节点、六个 Redis 节点、S3 存储、两个 web、两个 worker 与 nginx …", flush=True)
    with whole_stage() as stage:
        print("\n".join([f"全部就绪（{time.monotonic() - began:.0f} 秒）", *stage.addresses()]), flush=True)
        crypto.use(KEYRING)
        clock.set_offset(0)
        report = asyncio.run(tour(stage, lambda line: print(line, flush=True)))
        if report.faults:
            print("\n".join(report.faults + stage.last_words()), file=sys.stderr)
    print(f"{report.line()}（{time.monotonic() - began:.0f} 秒）", flush=True)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
