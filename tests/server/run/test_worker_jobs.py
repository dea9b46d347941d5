"""Periodic jobs: each run by one worker at a time, a failing or hanging one leaves the others alone."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from models.base import new_id
from models.work import JobLease
from server import clock
from server.run.jobs import Job, Timetable
from tests.engines.engine import Engine


@pytest.fixture
def later() -> Iterator[Callable[[float], None]]:
    yield clock.set_offset
    clock.set_offset(0)


class Work:
    """Counts its runs; as a job it is due again after a minute."""

    def __init__(self) -> None:
        self.runs = 0
        self.name = new_id().hex

    async def run(self) -> None:
        self.runs += 1

    def job(self) -> Job:
        return Job(self.name, 60.0, self.run, at_most=10.0)


async def round_of(*timetables: Timetable) -> None:
    await asyncio.gather(*(timetable.start_due() for timetable in timetables))
    await asyncio.gather(*(timetable.finish() for timetable in timetables))


async def test_two_workers_run_a_job_once(engine: Engine) -> None:
    work = Work()

    await round_of(Timetable([work.job()], "one"), Timetable([work.job()], "two"))

    assert work.runs == 1


async def test_a_job_comes_round_after_its_time(engine: Engine, later: Callable[[float], None]) -> None:
    work = Work()
    timetable = Timetable([work.job()], "one")

    for seconds in (0, 30, 61, 90, 125):
        later(seconds)
        await round_of(timetable)

    assert work.runs == 3


async def test_a_failing_job_is_tried_again_and_holds_up_no_other(
    engine: Engine, later: Callable[[float], None]
) -> None:
    work, broken = Work(), Work()

    async def fail() -> None:
        broken.runs += 1
        raise ZeroDivisionError

    timetable = Timetable([Job(broken.name, 60.0, fail), work.job()], "one")

    await round_of(timetable)
    later(61)
    await round_of(timetable)

    assert (broken.runs, work.runs) == (2, 2)
    lease = await JobLease.get(name=broken.name)
    assert lease.last_done_at is None
    assert lease.next_at < clock.now() - timedelta(seconds=60)  # late, and the gauge says so


async def test_a_hanging_job_is_cut_off(engine: Engine) -> None:
    name = new_id().hex
    timetable = Timetable([Job(name, 60.0, asyncio.Event().wait, at_most=0.01)], "one")

    await round_of(timetable)

    lease = await JobLease.get(name=name)
    assert lease.last_done_at is None
    assert lease.next_at <= clock.now()
    assert timedelta(seconds=50) < lease.leased_until - clock.now() <= timedelta(seconds=60)


async def test_a_job_that_is_seldom_due_is_tried_again_soon(engine: Engine, later: Callable[[float], None]) -> None:
    work = Work()

    async def fail_once() -> None:
        await work.run()
        if work.runs == 1:
            raise ZeroDivisionError

    timetable = Timetable([Job(work.name, 86_400.0, fail_once)], "one")

    for seconds in (0, 30, 61, 125):
        later(seconds)
        await round_of(timetable)

    assert work.runs == 2


async def test_the_job_of_a_dead_worker_is_taken_over(engine: Engine, later: Callable[[float], None]) -> None:
    work = Work()
    await JobLease.create(name=work.name, owner="dead", leased_until=clock.now(), next_at=clock.now())
    never = asyncio.Event()
    dead = Timetable([Job(work.name, 60.0, never.wait, at_most=10.0)], "dead")
    await dead.start_due()
    await dead.finish(0.01)  # cut off: the lease stays

    await round_of(Timetable([work.job()], "heir"))
    early = work.runs
    later(16)
    await round_of(Timetable([work.job()], "heir"))

    assert (early, work.runs) == (0, 1)
