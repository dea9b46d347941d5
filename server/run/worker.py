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

_AHEAD = 8  # rounds of calls that are kept ready while the next are looked for


async def serve(chosen: Settings) -> None:
    """Run one worker until TERM or INT."""
    message_texts()  # a wrong file stops the start, not the first message
    async with open_services(chosen) as services:
        wechat, sms = await services.wechat(), await services.sms()
        at_once, ahead = bounds(chosen.wechat)
        worker = Worker(
            {**wechat.senders, Channel.SMS: sms.channel},
            jobs_of(services, sms.receipts),
            wechat.followers,
            at_once=at_once,
            ahead=ahead,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.stopping.set)
        log("worker_started", pid=os.getpid())
        await worker.run()
        log("worker_stopped", pid=os.getpid())


def bounds(setup: WechatSettings) -> tuple[int, int]:
    """Calls at once, which end within five seconds, for whatever waited much longer for its turn might outlive its
    lease; and deliveries taken ahead, which are sent in half a second: were this worker killed, each would be in
    doubt."""
    five_seconds, half_a_second = (max(1, int(setup.sends_per_second * seconds)) for seconds in (5, 0.5))
    return min(setup.connections, five_seconds), min(_AHEAD * setup.connections, half_a_second)


def main() -> None:
    chosen = load_settings()
    configure(chosen.log_level)
    gc.freeze()  # as a web process does: what is loaded stays, and is not looked through over and over
    gc.set_threshold(5_000, 20, 20)
    uvloop.run(serve(chosen))


if __name__ == "__main__":
    main()
