"""Uploads that come together, with each other and with a submission; and what the sweep takes afterwards."""

import asyncio
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from models.applications import State, Submission
from models.materials import Page
from server import clock
from server.applications.advance import StateConflict
from server.applications.refusals import ApplicationNotFound
from server.applications.review import decide
from server.applications.rounds import changeable_application
from server.applications.submit import submit_application
from server.errors import Refusal
from server.gateways.object_store import SealedStore
from server.materials.pages import find_page, sweep_objects
from server.materials.refusals import MaterialLocked, NoSuchMaterial
from tests.server.applications.office import Applicant, Office, again, rejection
from tests.server.materials.binder import MATERIAL, Binder, Failing

NO_PAGES_LOST = [1, 2, 3, 4, 5, 6, 7, 8, 9]


def said(outcomes: list[object]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


async def together(*asked: object) -> list[object]:
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_of_twelve_uploads_at_once_nine_stay(binder: Binder) -> None:
    outcomes = await together(*(binder.add(b"%d" % number) for number in range(12)))

    assert said(outcomes) == {"Page": 9, "PagesFull": 3}
    assert await binder.positions() == NO_PAGES_LOST
    assert await binder.objects() == await binder.named()


async def test_of_uploads_that_replace_each_other_one_stands_whole(binder: Binder) -> None:
    files = [[b"%d-%d" % (number, page) for page in range(number)] for number in range(1, 7)]

    await together(*(binder.replace(*chosen) for chosen in files))

    assert await binder.contents() in files
    assert await binder.objects() == await binder.named()


async def test_additions_and_removals_at_once_leave_no_gap(binder: Binder) -> None:
    first = await binder.replace(*[b"page"] * 5)

    outcomes = await together(*(binder.add() for _ in range(4)), *(binder.remove(page.id) for page in first[:3]))

    assert said(outcomes) == {"Page": 4, "NoneType": 3}
    assert await binder.positions() == [1, 2, 3, 4, 5, 6]
    assert await binder.objects() == await binder.named()


async def test_a_page_is_removed_once(binder: Binder) -> None:
    page, _ = await binder.replace(b"a", b"b")

    outcomes = await together(*(binder.remove(page.id) for _ in range(4)))

    assert said(outcomes) == {"NoneType": 1, "NoSuchPage": 3}
    assert await binder.contents() == [b"b"]


async def test_an_upload_that_began_before_the_submission_and_ends_after_it_is_refused(firm: Applicant) -> None:
    ready = await firm.ready()
    binder = Binder(ready, firm.store)
    await firm.submit(ready)

    with pytest.raises(MaterialLocked):
        await binder.add(b"late")

    assert b"late" not in firm.store.objects.values()


async def test_an_upload_of_an_earlier_round_is_refused(office: Office, firm: Applicant) -> None:
    """Meanwhile the application was submitted and came back, and this material was accepted."""
    draft = await firm.ready()
    binder = Binder(draft, firm.store)
    returned = rejection({"reissue_application": "看不清"})
    await decide(await office.reviewer(), (await firm.submit(draft)).id, returned)

    with pytest.raises(MaterialLocked):
        await binder.add(b"late")

    assert b"late" not in firm.store.objects.values()


@pytest.mark.parametrize("_", range(5))
async def test_what_was_submitted_is_what_is_there(_: int, firm: Applicant) -> None:
    """An upload and the submission at once: one of them loses, or the page is part of what was submitted."""
    ready = await firm.ready()
    binder = Binder(ready, firm.store)

    uploaded, submitted = await together(binder.add(), submit_application(firm.caller, ready.id))

    there = [str(page.id) for page in await binder.pages()]
    if (await again(ready)).state is State.SUBMITTED:
        submission = await Submission.get(application_id=ready.id)
        assert submission.pages[MATERIAL] == there
        assert isinstance(uploaded, Page | MaterialLocked)
    else:
        assert isinstance(submitted, StateConflict)
        assert len(there) == 2


async def test_only_what_was_returned_is_open_after_a_return(office: Office, firm: Applicant) -> None:
    """decisions D11"""
    rejected = await office.rejected(firm, {MATERIAL: "看不清"})

    opened = await changeable_application(firm.caller, rejected.id, MATERIAL)
    with pytest.raises(MaterialLocked):
        await changeable_application(firm.caller, rejected.id, "reissue_application")

    assert opened.id == rejected.id


async def test_a_material_the_business_does_not_ask_for_is_not_there(firm: Applicant) -> None:
    draft = await firm.draft()

    with pytest.raises(NoSuchMaterial):
        await changeable_application(firm.caller, draft.id, "id_card")


async def test_for_a_stranger_there_is_nothing(office: Office, firm: Applicant) -> None:
    draft, stranger = await firm.draft(), await office.firm("测试单位202")

    with pytest.raises(ApplicationNotFound) as refusal:
        await changeable_application(stranger.caller, draft.id, MATERIAL)

    assert refusal.value.status == 404


# The sweep


def aged(keys: set[str], folder: Path, **ago: float) -> None:
    """Written so long ago."""
    at = (clock.now() - timedelta(**ago)).timestamp()
    for key in keys:
        os.utime(folder / "objects" / key, (at, at))


async def test_the_sweep_takes_old_files_without_a_row_and_nothing_else(
    binder: Binder, store: SealedStore, tmp_path: Path
) -> None:
    await binder.replace(b"a", b"b")
    for key in ("old", "young"):
        await store.put(key, b"orphan")
    aged(await binder.named() | {"old"}, tmp_path, minutes=61)
    aged({"young"}, tmp_path, minutes=59)

    await sweep_objects(store=store)

    assert await binder.objects() == await binder.named() | {"young"}
    assert await binder.contents() == [b"a", b"b"]


async def test_what_an_upload_to_a_failing_store_left_behind_is_swept(
    binder: Binder, store: SealedStore, tmp_path: Path
) -> None:
    binder.store = Failing(store, puts=3)
    with pytest.raises(Refusal):
        await binder.replace(b"x", b"y", b"z")
    aged(await binder.objects(), tmp_path, minutes=61)

    swept = await sweep_objects(store=store)

    assert (swept, await binder.objects()) == (2, set())


async def test_a_sweep_with_nothing_to_take_takes_nothing(binder: Binder, store: SealedStore, tmp_path: Path) -> None:
    page = await binder.add()
    aged({page.object_key}, tmp_path, hours=30)

    assert await sweep_objects(store=store) == 0

    assert (await find_page(binder.application.id, MATERIAL, "1")).id == page.id
