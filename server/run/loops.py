"""The worker's loops: send what is due, act on callbacks, run the periodic jobs, say that it lives."""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial

from models.messages import Channel
from models.work import Heartbeat
from server import clock
from server.accounts.wechat_identity import Followers
from server.ending import ended
from server.http.logs import log
from server.messages.callbacks import handle_due
from server.messages.channels import Sender
from server.messages.deliver import Deliverer
from server.run.inbound import handle_callback
from server.run.jobs import Job, Timetable

_IDLE = 0.3  # seconds between looks when nothing is due
_BEAT = 2.0
_AFTER_FAULT = 1.0
_FINISHING = 1.2  # seconds: for the loops to come round, then for deliveries and jobs in flight
_FORGET_BEATS = timedelta(hours=1)


class Worker:
    """Loops until `stopping` is set, then finishes what is in flight within three seconds."""

    def __init__(
        self,
        senders: Mapping[Channel, Sender],
        jobs: tuple[Job, ...],
        followers: Followers,
        *,
        at_once: int = 64,
        ahead: int = 64,
    ) -> None:
        """`at_once`: how many calls a channel may have open; `ahead`: how many deliveries are kept ready for it."""
        self.stopping = asyncio.Event()
        self._owner = f"{socket.gethostname()}:{os.getpid()}"[:64]
        self._deliverer = Deliverer(senders, at_once=at_once, ahead=ahead)
        self._timetable = Timetable(jobs, self._owner)
        self._handle = partial(handle_callback, followers=followers)

    async def run(self) -> None:
        loops = [
            *(self._loop(f"deliver_{lane.channel}", lane.start_due, _IDLE) for lane in self._deliverer.lanes),
            self._loop("callbacks", self._callbacks, _IDLE),
            self._loop("jobs", self._timetable.start_due, 1.0),
            self._loop("heartbeat", self._beat, _BEAT),
        ]
        tasks = [asyncio.create_task(loop) for loop in loops]
        await self.stopping.wait()
        await self._finish(tasks)

    async def _finish(self, tasks: list[asyncio.Task[None]]) -> None:
        await ended(tasks, _FINISHING)
        await asyncio.gather(self._deliverer.stop(_FINISHING), self._timetable.finish(_FINISHING))
        await Heartbeat.filter(owner=self._owner).delete()

    async def _loop(self, name: str, step: Callable[[], Awaitable[int]], idle: float) -> None:
        """`step` returns how much there was to do; after nothing comes a rest, after a fault a longer one."""
        while not self.stopping.is_set():
            rest = idle
            try:
                rest = 0 if await step() else idle
            except Exception as error:  # noqa: BLE001 - the last door: an engine that is down comes back
                log("worker_fault", level=logging.ERROR, error=error, loop=name)
                rest = _AFTER_FAULT
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), rest)

    async def _callbacks(self) -> int:
        return await handle_due(self._handle)

    async def _beat(self) -> int:
        now = clock.now()
        if not await Heartbeat.filter(owner=self._owner).update(beat_at=now):
            await Heartbeat.create(owner=self._owner, beat_at=now)
            await Heartbeat.filter(beat_at__lt=now - _FORGET_BEATS).delete()
        return 0
