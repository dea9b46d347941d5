"""The worker process: its settings and engines, its loops, and a clean stop on TERM or INT."""

import asyncio
import gc
import os
import signal

import uvloop

from config.settings import Settings, WechatSettings
from models.messages import Channel
from server.http.logs import configure, log
from server.messages.texts import message_texts
from server.run.compose import open_services
from server.run.configuration import load_settings
from server.run.loops import Worker
from server.run.timetable import jobs_of


async def serve(chosen: Settings) -> None:
    """Run one worker until TERM or INT."""
    message_texts()  # a wrong file stops the start, not the first message
    async with open_services(chosen) as services:
        wechat, sms = await services.wechat(), await services.sms()
        worker = Worker(
            {**wechat.senders, Channel.SMS: sms.channel},
            jobs_of(services, sms.receipts),
            wechat.followers,
            connections=calls_at_once(chosen.wechat),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.stopping.set)
        log("worker_started", pid=os.getpid())
        await worker.run()
        log("worker_stopped", pid=os.getpid())


def calls_at_once(setup: WechatSettings) -> int:
    """What is sent within ten seconds at most: whoever waited longer for his turn might outlive his lease."""
    return max(1, min(setup.connections, int(setup.sends_per_second * 10)))


def main() -> None:
    chosen = load_settings()
    configure(chosen.log_level)
    gc.freeze()  # as a web process does: what is loaded stays, and is not looked through over and over
    gc.set_threshold(5_000, 20, 20)
    uvloop.run(serve(chosen))


if __name__ == "__main__":
    main()
