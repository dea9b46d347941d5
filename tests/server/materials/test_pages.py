"""One to nine pages in order; each row has its file and each file its row (decisions D16)."""

import pytest
from tortoise.exceptions import IntegrityError

from models.applications import Application, State
from models.base import new_id
from models.materials import Page
from server import clock
from server.gateways.studio.process import ChildStudio
from server.materials.pages import copy_pages, find_page, read_page, remove_material
from server.materials.refusals import MaterialLocked, NoFile, NoSuchPage, PagesFull
from server.materials.store import ObjectMissing, StoreDown
from server.materials.studio import UnsupportedType
from tests.server.applications.office import Applicant
from tests.server.materials.binder import MATERIAL, Binder, Failing
from tests.server.materials.papers import pdf_of
from tests.server.materials.photos import SECRET, phone_photo

CLOSED = [state for state in State if state not in (State.DRAFT, State.REJECTED)]
CHANGES = {
    "add": lambda binder: binder.add(b"new"),
    "replace": lambda binder: binder.replace(b"new"),
    "remove": lambda binder: binder.remove(1),
    "remove all": lambda binder: remove_material(binder.application, MATERIAL, store=binder.store),
}


async def test_pages_are_numbered_in_the_order_they_were_added(binder: Binder) -> None:
    for name in (b"a", b"b", b"c"):
        await binder.add(name)

    assert await binder.positions() == [1, 2, 3]
    assert await binder.contents() == [b"a", b"b", b"c"]


async def test_a_page_is_kept_as_the_studio_wrote_it(binder: Binder, studio: ChildStudio) -> None:
    binder.studio = studio

    photo, paper = await binder.replace(phone_photo(), pdf_of())

    assert [page.content_type for page in (photo, paper)] == ["image/jpeg", "application/pdf"]
    kept = await read_page(photo, store=binder.store)
    assert (SECRET.encode() in kept, len(kept)) == (False, photo.size)


async def test_a_tenth_page_is_refused_and_its_file_forgotten(binder: Binder) -> None:
    await binder.replace(*[b"page"] * 9)

    with pytest.raises(PagesFull):
        await binder.add()

    assert await binder.positions() == list(range(1, 10))
    assert await binder.objects() == await binder.named()


async def test_ten_files_at_once_are_refused_before_any_is_kept(binder: Binder) -> None:
    await binder.add(b"old")

    with pytest.raises(PagesFull):
        await binder.replace(*[b"new"] * 10)

    assert await binder.contents() == [b"old"]
    assert await binder.objects() == await binder.named()


async def test_replacing_needs_a_file(binder: Binder) -> None:
    await binder.add(b"old")

    with pytest.raises(NoFile):
        await binder.replace()

    assert await binder.contents() == [b"old"]


async def test_replacing_puts_the_new_files_in_the_place_of_all_the_old_ones(binder: Binder) -> None:
    await binder.replace(b"a", b"b", b"c")

    await binder.replace(b"x", b"y")

    assert await binder.contents() == [b"x", b"y"]
    assert await binder.objects() == await binder.named()


async def test_one_bad_file_keeps_all_of_them_out(binder: Binder, studio: ChildStudio) -> None:
    await binder.add(b"old")
    binder.studio = studio

    with pytest.raises(UnsupportedType):
        await binder.replace(pdf_of(), b"hello", pdf_of())

    assert await binder.contents() == [b"old"]
    assert await binder.objects() == await binder.named()


@pytest.mark.parametrize(("ref", "left"), [("1", [b"b", b"c"]), ("2", [b"a", b"c"]), ("3", [b"a", b"b"])])
async def test_when_a_page_is_removed_the_others_close_up(ref: str, left: list[bytes], binder: Binder) -> None:
    await binder.replace(b"a", b"b", b"c")

    await binder.remove(ref)

    assert (await binder.contents(), await binder.positions()) == (left, [1, 2])
    assert await binder.objects() == await binder.named()


async def test_a_page_is_removed_by_its_id_wherever_it_stands_by_now(binder: Binder) -> None:
    _, _, third = await binder.replace(b"a", b"b", b"c")
    await binder.remove(1)

    await binder.remove(third.id)

    assert await binder.contents() == [b"b"]


async def test_removing_a_material_leaves_the_others_alone(binder: Binder, firm: Applicant) -> None:
    await binder.replace(b"a", b"b")
    other = Binder(await firm.draft(), binder.store)
    await other.add(b"other")

    await remove_material(binder.application, MATERIAL, store=binder.store)

    assert (await binder.contents(), await other.contents()) == ([], [b"other"])
    assert await binder.objects() == await other.named()


@pytest.mark.parametrize("ref", ["0", "3", "9", "10", "-1", "x", "", "²", "1 OR 1=1", "../1"])
async def test_a_page_that_is_not_there_is_not_found(ref: str, binder: Binder) -> None:
    await binder.replace(b"a", b"b")

    with pytest.raises(NoSuchPage):
        await find_page(binder.application.id, MATERIAL, ref)


async def test_the_page_of_another_application_is_not_found_by_its_id(binder: Binder, firm: Applicant) -> None:
    theirs = await Binder(await firm.draft(), binder.store).add()

    with pytest.raises(NoSuchPage):
        await find_page(binder.application.id, MATERIAL, str(theirs.id))


async def test_a_page_is_found_by_position_and_by_id(binder: Binder) -> None:
    _, second = await binder.replace(b"a", b"b")

    found = [await find_page(binder.application.id, MATERIAL, ref) for ref in ("2", str(second.id))]

    assert [page.id for page in found] == [second.id] * 2


async def test_a_page_raises_the_version_of_the_pages_and_not_that_of_the_form(binder: Binder) -> None:
    before = await binder.again()

    await binder.add()

    after = await binder.again()
    assert (after.version, after.pages_version) == (before.version, before.pages_version + 1)


@pytest.mark.parametrize("state", CLOSED)
async def test_nothing_changes_while_the_application_is_under_way_or_over(state: State, binder: Binder) -> None:
    await binder.replace(b"a", b"b")
    await Application.filter(id=binder.application.id).update(state=state)

    for change in CHANGES.values():
        with pytest.raises(MaterialLocked):
            await change(binder)

    assert await binder.contents() == [b"a", b"b"]
    assert await binder.objects() == await binder.named()


@pytest.mark.parametrize("how", CHANGES)
async def test_a_rejected_application_may_be_changed(how: str, binder: Binder) -> None:
    await binder.add(b"old")
    await Application.filter(id=binder.application.id).update(state=State.REJECTED)

    await CHANGES[how](binder)

    assert await binder.contents() != [b"old"]


async def test_two_pages_never_stand_in_one_place(binder: Binder) -> None:
    """Whatever the code does: the database refuses it."""
    page = await binder.add()

    with pytest.raises(IntegrityError):
        await Page.create(**dict(page) | {"id": new_id(), "created_at": clock.now()})


async def test_a_store_that_is_down_leaves_no_row_without_a_file(binder: Binder) -> None:
    sound, binder.store = binder.store, Failing(binder.store, puts=1)

    with pytest.raises(StoreDown) as refusal:
        await binder.add()

    binder.store = sound
    assert (refusal.value.status, refusal.value.message) == (503, "文件服务暂时不可用，请稍后重试")
    assert (await binder.pages(), await binder.objects()) == ([], set())


async def test_a_store_that_goes_down_between_two_files_leaves_the_old_pages(binder: Binder) -> None:
    await binder.replace(b"old", b"older")
    sound, binder.store = binder.store, Failing(binder.store, puts=2)

    with pytest.raises(StoreDown):
        await binder.replace(b"x", b"y", b"z")

    binder.store = sound
    assert await binder.contents() == [b"old", b"older"]
    assert await binder.objects() >= await binder.named()


async def test_a_replaced_file_that_could_not_be_deleted_does_not_undo_the_replacement(binder: Binder) -> None:
    old = await binder.add(b"old")
    binder.store = Failing(binder.store, deletes=True)

    await binder.replace(b"new")

    assert await binder.contents() == [b"new"]
    assert await binder.objects() == await binder.named() | {old.object_key}


async def test_a_page_whose_file_is_gone_says_so(binder: Binder) -> None:
    page = await binder.add()
    await binder.store.delete(page.object_key)

    with pytest.raises(ObjectMissing):
        await read_page(page, store=binder.store)


async def test_a_copy_has_files_of_its_own(binder: Binder, firm: Applicant) -> None:
    """The original may lose its pages; those of the copy stay."""
    await binder.replace(b"a", b"b")
    copy = Binder(await firm.draft(), binder.store)

    await copy_pages(binder.application, copy.application, [MATERIAL], store=binder.store)
    await binder.replace(b"x")

    assert await copy.contents() == [b"a", b"b"]
    assert not await copy.named() & await binder.named()


async def test_a_copy_leaves_out_what_is_lost_and_closes_up(binder: Binder, firm: Applicant) -> None:
    lost, _ = await binder.replace(b"a", b"b")
    await binder.store.delete(lost.object_key)
    copy = Binder(await firm.draft(), binder.store)

    await copy_pages(binder.application, copy.application, [MATERIAL], store=binder.store)

    assert (await copy.contents(), await copy.positions()) == ([b"b"], [1])
