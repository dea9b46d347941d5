"""The worker's periodic jobs: a table, and the lease that lets one worker of many run each of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tortoise.exceptions import IntegrityError

from models.work import JobLease
from server import clock
from server.ending import ended
from server.http.logs import log

_REST_SECONDS = 60.0  # at most, after a failure
_GRACE = timedelta(seconds=5)  # a lease outlives the longest run by this much


@dataclass(frozen=True)
class Job:
    """`run` must bear being run twice and being cut off after `at_most` seconds; what is left waits for next time."""

    name: str
    every: float  # seconds
    run: Callable[[], Awaitable[Any]]
    at_most: float = 60.0


class Timetable:
    """Starts the jobs that are due, each at most once at a time among all workers."""

    def __init__(self, jobs: Sequence[Job], owner: str) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._owner = owner
        self._running: set[asyncio.Task[None]] = set()
        self._entered = False

    async def _enter(self) -> None:
        """Give jobs never seen before a row; they are due at once."""
        known = set(await JobLease.all().values_list("name", flat=True))
        for name in self._jobs.keys() - known:
            try:
                await JobLease.create(name=name, leased_until=clock.now(), next_at=clock.now())
            except IntegrityError:
                continue  # another worker entered it just now
        self._entered = True

    async def start_due(self) -> int:
        """Start what is due and free; returns how many were started."""
        if not self._entered:
            await self._enter()
        now = clock.now()
        due = await JobLease.filter(name__in=list(self._jobs), next_at__lte=now, leased_until__lte=now)
        started = [self._jobs[row.name] for row in due if await self._won(self._jobs[row.name])]
        for job in started:
            task = asyncio.create_task(self._run(job))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(started)

    async def finish(self, seconds: float | None = None) -> None:
        """Wait for what runs, at most `seconds`, then cut it off: transactions roll back, leases lapse."""
        await ended(self._running, seconds)

    async def _won(self, job: Job) -> bool:
        now = clock.now()
        free = JobLease.filter(name=job.name, next_at__lte=now, leased_until__lte=now)
        until = now + timedelta(seconds=job.at_most) + _GRACE
        return await free.update(owner=self._owner, leased_until=until) == 1

    async def _run(self, job: Job) -> None:
        """A job that fails is logged and comes round again; it must not take the others down."""
        done = False
        try:
            async with asyncio.timeout(job.at_most):
                await job.run()
            done = True
        except Exception as error:  # noqa: BLE001 - the last door of a job
            log("job_failed", level=logging.ERROR, error=error, job=job.name)
        await self._put_back(job, done)

    async def _put_back(self, job: Job, done: bool) -> None:
        """One that failed stays due, so that it shows how late it is, and is left alone for a while."""
        now = clock.now()
        rest = timedelta(seconds=min(job.every, _REST_SECONDS))
        failed = {"leased_until": now + rest}
        went_well = {"leased_until": now, "next_at": now + timedelta(seconds=job.every), "last_done_at": now}
        times = went_well if done else failed
        await JobLease.filter(name=job.name, owner=self._owner).update(**times)
