"""The child that decodes: bounded, alone with its file, and replaced when it breaks, hangs or is killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from server.gateways.studio.process import ChildStudio
from server.materials.studio import Checked, DamagedFile, StudioBusy, TooComplex
from tests.server.materials.papers import pdf_of, text_of
from tests.server.materials.photos import jpeg

_PROC = Path("/proc")
QUEUE = 64  # files that one process takes on at a time


def children() -> set[int]:
    """Process ids of the studio children of this process that are alive."""
    running = {int(folder.name) for folder in _PROC.iterdir() if folder.name.isdecimal()}
    return {pid for pid in running if is_child(pid)}


def is_child(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):  # it ended while it was looked at
        parent = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1]
        command = (_PROC / str(pid) / "cmdline").read_bytes()
        return int(parent) == os.getpid() and b"server.gateways.studio.child" in command
    return False


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.01)


@asynccontextmanager
async def working_studio(idle: float = 60) -> AsyncIterator[tuple[ChildStudio, int]]:
    """A studio that has seen its first file, and its child."""
    others, studio = children(), ChildStudio(idle=idle)
    try:
        await studio.check(jpeg())
        [child] = children() - others
        yield studio, child
    finally:
        await studio.close()


async def asked(studio: ChildStudio) -> asyncio.Task[Checked]:
    """A file is with the child, or waits for its turn."""
    task = asyncio.create_task(studio.check(jpeg()))
    await asyncio.sleep(0)
    return task


async def test_one_child_serves_file_after_file() -> None:
    async with working_studio() as (studio, child):
        kinds = [(await studio.check(file)).content_type for file in (pdf_of(), jpeg(), pdf_of())]

        assert kinds == ["application/pdf", "image/jpeg", "application/pdf"]
        assert child in children()


async def test_files_that_come_together_each_get_their_own_answer() -> None:
    async with working_studio() as (studio, _):
        files = [pdf_of(number) for number in range(1, 21)]

        answers = await asyncio.gather(*(studio.check(file) for file in files))

        assert [len(text_of(answer.data)) for answer in answers] == list(range(1, 21))


async def test_the_child_may_take_so_much_memory_and_computing_and_no_more() -> None:
    async with working_studio() as (_, child):
        lines = (_PROC / str(child) / "limits").read_text().splitlines()

        limits = {line[:25].strip(): line[25:].split()[0] for line in lines}
        assert limits["Max address space"] == "1500000000"
        assert 15 <= int(limits["Max cpu time"]) <= 15 + 5


async def test_the_child_knows_none_of_our_secrets() -> None:
    assert "ZCGL_SECRETS__PEPPER" in os.environ

    async with working_studio() as (_, child):
        names = {line.partition(b"=")[0] for line in (_PROC / str(child) / "environ").read_bytes().split(b"\0")}

        assert [name for name in names if name.startswith(b"ZCGL_")] == []


async def test_a_child_killed_with_a_file_in_its_hands_leaves_the_file_unblamed_and_is_replaced() -> None:
    async with working_studio() as (studio, child):
        os.kill(child, signal.SIGSTOP)
        task = await asked(studio)
        os.kill(child, signal.SIGKILL)

        with pytest.raises(StudioBusy):
            await task

        assert (await studio.check(jpeg())).content_type == "image/jpeg"
        assert child not in children()


async def test_a_child_that_stumbles_over_a_file_blames_the_file_and_is_replaced() -> None:
    async with working_studio() as (studio, child):
        os.kill(child, signal.SIGSTOP)
        task = await asked(studio)
        os.kill(child, signal.SIGSEGV)
        os.kill(child, signal.SIGCONT)

        with pytest.raises(DamagedFile):
            await task

        assert (await studio.check(jpeg())).content_type == "image/jpeg"


async def test_a_form_that_the_child_stumbles_over_is_nobodys_fault() -> None:
    async with working_studio() as (studio, _):
        with pytest.raises(StudioBusy):
            await studio.render("no_such_document", {})

        assert (await studio.check(jpeg())).content_type == "image/jpeg"


async def test_a_child_that_hangs_is_ended_and_replaced_and_the_file_may_come_again() -> None:
    async with working_studio() as (studio, child):
        os.kill(child, signal.SIGSTOP)
        patience, studio.patience = studio.patience, 0.1

        with pytest.raises(StudioBusy):
            await studio.check(jpeg())

        studio.patience = patience
        assert (await studio.check(jpeg())).content_type == "image/jpeg"
        assert child not in children()


async def test_a_file_that_takes_too_much_computing_is_too_complex() -> None:
    async with working_studio() as (studio, child):
        os.kill(child, signal.SIGSTOP)
        task = await asked(studio)
        os.kill(child, signal.SIGXCPU)
        os.kill(child, signal.SIGCONT)

        with pytest.raises(TooComplex):
            await task

        assert (await studio.check(jpeg())).content_type == "image/jpeg"


async def test_who_gives_up_takes_the_half_answered_child_along() -> None:
    """The next file must not get the answer of the one before."""
    async with working_studio() as (studio, child):
        os.kill(child, signal.SIGSTOP)
        task = await asked(studio)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task

        assert (await studio.check(pdf_of())).content_type == "application/pdf"
        assert child not in children()


async def test_when_too_many_wait_the_next_is_told_to_come_back_and_the_others_are_served() -> None:
    async with working_studio() as (studio, child):
        os.kill(child, signal.SIGSTOP)
        waiting = [await asked(studio) for _ in range(QUEUE)]

        with pytest.raises(StudioBusy) as refusal:
            await studio.check(jpeg())
        os.kill(child, signal.SIGCONT)
        served = await asyncio.gather(*waiting)

        assert (refusal.value.status, refusal.value.message) == (503, "文件处理繁忙，请稍后重试")
        assert {answer.content_type for answer in served} == {"image/jpeg"}


async def test_those_who_wait_behind_a_file_that_kills_the_child_are_served_by_the_next_one() -> None:
    async with working_studio() as (studio, child):
        os.kill(child, signal.SIGSTOP)
        first, second = await asked(studio), await asked(studio)
        os.kill(child, signal.SIGKILL)

        outcomes = await asyncio.gather(first, second, return_exceptions=True)

        assert [type(outcome) for outcome in outcomes] == [StudioBusy, Checked]


async def test_a_child_without_work_is_let_go_and_the_next_file_gets_another() -> None:
    async with working_studio(idle=0) as (studio, child):
        await until(lambda: child not in children())

        assert (await studio.check(jpeg())).content_type == "image/jpeg"


async def test_closing_the_studio_ends_its_child() -> None:
    async with working_studio() as (_, child):
        pass

    assert child not in children()


async def test_a_child_that_died_between_two_files_is_replaced_and_closing_finds_nothing_to_do() -> None:
    async with working_studio() as (studio, child):
        os.kill(child, signal.SIGKILL)
        await until(lambda: not (_PROC / str(child)).exists())

        await studio.close()

        assert (await studio.check(jpeg())).content_type == "image/jpeg"
