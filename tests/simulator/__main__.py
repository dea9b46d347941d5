"""`python -m tests.simulator --port 8001`: serves until interrupted, with the service's own settings."""

import argparse
import asyncio
import gc
import signal
from pathlib import Path

import uvloop

from config.settings import settings
from server import clock
from tests.simulator.app import running_simulator
from tests.simulator.memory import keep_saving, load

CALLBACK_PATH = "/wechat/official-account/callback"


def main() -> None:
    chosen = settings()
    arguments = argparse.ArgumentParser(prog="python -m tests.simulator", description="模拟微信平台")
    arguments.add_argument("--host", default=chosen.host)
    arguments.add_argument("--port", type=int, default=chosen.port + 1)
    arguments.add_argument("--memory", type=Path, default=chosen.home / "simulator.json")
    arguments.add_argument("--service", default=f"http://{chosen.host}:{chosen.port}", help="服务的地址")
    gc.freeze()  # a crowd's phones are kept for good: not to be looked through over and over
    gc.set_threshold(5_000, 20, 20)
    clock.set_offset(chosen.clock_offset_seconds)
    uvloop.run(_serve(arguments.parse_args()))


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    setup = settings().wechat
    async with running_simulator(
        setup, f"{options.service.rstrip('/')}{CALLBACK_PATH}", host=options.host, port=options.port
    ) as simulator:
        load(simulator.platform, options.memory)
        print(f"微信模拟器（手机页面）：{simulator.url}", flush=True)
        await keep_saving(simulator.platform, options.memory, stopped)


if __name__ == "__main__":
    main()
