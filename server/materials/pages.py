"""Pages of a material: one to nine files in order, changed only while the application is open (decisions D16)."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from tortoise.expressions import F

from models.applications import Application, State
from models.base import new_id
from models.materials import Page
from server import clock, crypto
from server.errors import Refusal
from server.failpoints import reach
from server.materials.refusals import MaterialLocked, NoFile, NoSuchMaterial, NoSuchPage, PagesFull
from server.materials.store import ObjectMissing, Store, StoreDown
from server.materials.studio import Checked, Studio
from server.transactions import in_transaction, retried

MOST_PAGES = 9
_OPEN = (State.DRAFT, State.REJECTED)
_ORPHAN_AGE = timedelta(hours=1)


def check_material(material: str, known: Collection[str], changeable: Collection[str]) -> None:
    """Raises NoSuchMaterial or MaterialLocked."""
    if material not in known:
        raise NoSuchMaterial
    if material not in changeable:
        raise MaterialLocked


async def replace_pages(
    application: Application, material: str, files: Sequence[bytes], *, store: Store, studio: Studio
) -> list[Page]:
    """These files become the material's pages. Raises NoFile, PagesFull, a refusal of the studio, MaterialLocked."""
    if not files:
        raise NoFile
    if len(files) > MOST_PAGES:
        raise PagesFull
    accepted = [await studio.check(file) for file in files]  # all of them, before the first is kept
    fresh = [await _stored(application, material, checked, store) for checked in accepted]

    async def work() -> list[str]:
        async with in_transaction():
            await _open_pages(application)
            old = await Page.filter(application_id=application.id, material=material)
            await Page.filter(application_id=application.id, material=material).delete()
            for position, page in enumerate(fresh, 1):
                page.position = position
            await Page.bulk_create(fresh)
        return [page.object_key for page in old]

    await _commit_or_forget(work, fresh, store)
    return fresh


async def add_page(application: Application, material: str, file: bytes, *, store: Store, studio: Studio) -> Page:
    """One more page at the end. Raises PagesFull at nine."""
    page = await _stored(application, material, await studio.check(file), store)

    async def work() -> list[str]:
        async with in_transaction():
            await _open_pages(application)
            there = await Page.filter(application_id=application.id, material=material).count()
            if there >= MOST_PAGES:
                raise PagesFull
            page.position = there + 1
            await page.save(force_create=True)
        return []

    await _commit_or_forget(work, [page], store)
    return page


async def remove_page(application: Application, material: str, ref: str, *, store: Store) -> None:
    """Take one page out; the others close up. Raises NoSuchPage or MaterialLocked."""

    async def work() -> list[str]:
        async with in_transaction():
            await _open_pages(application)
            page = await find_page(application.id, material, ref)
            await page.delete()
            after = Page.filter(application_id=application.id, material=material, position__gt=page.position)
            for following in await after.order_by("position"):
                await Page.filter(id=following.id).update(position=following.position - 1)
        return [page.object_key]

    await forget_objects(await retried(work), store=store)


async def remove_material(application: Application, material: str, *, store: Store) -> None:
    """Take all pages of a material out."""

    async def work() -> list[str]:
        async with in_transaction():
            await _open_pages(application)
            pages = await Page.filter(application_id=application.id, material=material)
            await Page.filter(application_id=application.id, material=material).delete()
        return [page.object_key for page in pages]

    await forget_objects(await retried(work), store=store)


async def find_page(application_id: UUID, material: str, ref: str) -> Page:
    """By page id or position 1-9. Raises NoSuchPage."""
    pages = Page.filter(application_id=application_id, material=material)
    try:
        wanted = {"position": int(ref)} if len(ref) == 1 else {"id": UUID(ref)}
    except ValueError as error:
        raise NoSuchPage from error
    found = await pages.get_or_none(**wanted)
    if found is None:
        raise NoSuchPage
    return found


async def read_page(page: Page, *, store: Store) -> bytes:
    """Raises ObjectMissing or StoreDown."""
    return await store.get(page.object_key)


async def copy_pages(source: Application, target: Application, keys: Collection[str], *, store: Store) -> None:
    """The pages of these materials under new objects; a page whose object is gone is left out, the others close up."""
    copied: Counter[str] = Counter()
    for page in await Page.filter(application_id=source.id, material__in=list(keys)).order_by("position"):
        with suppress(ObjectMissing):
            key = crypto.new_secret()
            await store.put(key, await store.get(page.object_key))
            copied[page.material] += 1
            await Page.create(
                application_id=target.id,
                material=page.material,
                position=copied[page.material],
                object_key=key,
                content_type=page.content_type,
                size=page.size,
                sha256=page.sha256,
                created_at=clock.now(),
            )


async def forget_objects(keys: Sequence[str], *, store: Store) -> None:
    """Delete objects that no row names any more; what the store does not hear of, the sweep finds."""
    for key in keys:
        with suppress(StoreDown):
            await store.delete(key)


async def sweep_objects(*, store: Store) -> int:
    """Delete objects older than an hour that no page names; returns how many."""
    swept = 0
    async for key in store.list(older_than=clock.now() - _ORPHAN_AGE):
        if not await Page.filter(object_key=key).exists():
            await store.delete(key)
            swept += 1
    return swept


async def _stored(application: Application, material: str, checked: Checked, store: Store) -> Page:
    """The checked file in the store, and the row that will name it."""
    key = crypto.new_secret()
    await store.put(key, checked.data)
    await reach("material.stored")
    return Page(
        id=new_id(),
        application_id=application.id,
        material=material,
        position=0,
        object_key=key,
        content_type=checked.content_type,
        size=len(checked.data),
        sha256=await asyncio.to_thread(_digest, checked.data),
        created_at=clock.now(),
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def _open_pages(application: Application) -> None:
    """The first statement of every page change: uploads take turns on this row, and a submission that came first
    wins, also when it has been returned meanwhile with other materials open. Raises MaterialLocked."""
    same_round = Application.filter(id=application.id, round=application.round, state__in=_OPEN)
    if not await same_round.update(pages_version=F("pages_version") + 1):
        raise MaterialLocked


async def _commit_or_forget(work: Callable[[], Awaitable[list[str]]], fresh: Sequence[Page], store: Store) -> None:
    """Replaced objects go after the commit, fresh ones when it was refused. Whatever else goes wrong may have come
    after the commit, and a row must never be without its object: then the sweep decides."""
    try:
        replaced = await retried(work)
    except Refusal:
        await forget_objects([page.object_key for page in fresh], store=store)
        raise
    await forget_objects(replaced, store=store)
