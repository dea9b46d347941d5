"""The audit trail cannot be changed unseen."""

from asyncio import gather
from datetime import timedelta
from typing import Any

import pytest

from models.audit import AuditEntry
from models.base import new_id
from server import clock, crypto
from server.audit.chain import START, link_entries, verify_chain
from server.audit.entries import EntryFilter, list_entries
from server.audit.trail import SYSTEM, Actor, record, request_id
from server.errors import NotFound
from server.transactions import in_transaction
from tests.engines.engine import KEYRING, Engine

pytestmark = pytest.mark.usefixtures("engine")  # microseconds, JSON and unique keys differ between engines


@pytest.fixture(autouse=True)
async def empty(engine: Engine) -> None:
    await AuditEntry.all().delete()


async def trail(entries: int) -> list[AuditEntry]:
    """So many entries, linked, in order."""
    for number in range(entries):
        await record(
            Actor(new_id(), "张审核"), "application.approve", "application", f"a{number}", reason="审核", n=number
        )
    assert await link_entries() == entries
    return await AuditEntry.all().order_by("seq")


async def test_an_untouched_trail_holds() -> None:
    entries = await trail(5)

    report = await verify_chain()

    assert (report.linked, report.unlinked_tail, report.broken_at) == (5, 0, None)
    assert report.head == entries[-1].hash
    assert [entry.previous_hash for entry in entries] == [START, *(entry.hash for entry in entries[:-1])]


async def test_entries_are_linked_in_the_order_in_which_they_were_written() -> None:
    assert [entry.object_id for entry in await trail(4)] == ["a0", "a1", "a2", "a3"]


async def test_an_empty_trail_holds() -> None:
    report = await verify_chain()

    assert (report.linked, report.broken_at, report.head) == (0, None, START)


CHANGES: list[dict[str, Any]] = [
    {"actor_id": None},
    {"actor_name": "李审核"},
    {"action": "application.reject"},
    {"object_kind": "account"},
    {"object_id": "a9"},
    {"reason": ""},
    {"details": {"n": 3}},
    {"request_id": "another"},
    {"previous_hash": START},
    {"hash": "f" * 64},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(next(iter(change))))
async def test_a_changed_column_is_found_at_its_place(change: dict[str, Any]) -> None:
    entries = await trail(4)

    await AuditEntry.filter(id=entries[2].id).update(**change)

    assert (await verify_chain()).broken_at == 3


async def test_a_changed_time_is_found() -> None:
    entries = await trail(3)

    await AuditEntry.filter(id=entries[1].id).update(created_at=entries[1].created_at + timedelta(microseconds=1))

    assert (await verify_chain()).broken_at == 2


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_removed_entry_is_found(place: int) -> None:
    """Only the last one's absence shows in the head alone, which is why the head is noted down elsewhere."""
    entries = await trail(4)

    await entries[place].delete()

    assert (await verify_chain()).broken_at == place + 1


async def test_cutting_off_the_end_changes_the_head() -> None:
    entries = await trail(3)
    before = await verify_chain()

    await entries[2].delete()

    after = await verify_chain()
    assert (after.linked, after.broken_at) == (2, None)
    assert after.head != before.head


async def test_two_entries_that_change_places_are_found() -> None:
    entries = await trail(3)

    await AuditEntry.filter(id=entries[0].id).update(seq=99)
    await AuditEntry.filter(id=entries[1].id).update(seq=1)
    await AuditEntry.filter(id=entries[0].id).update(seq=2)

    assert (await verify_chain()).broken_at == 1


async def test_a_chain_recomputed_without_the_key_is_found() -> None:
    """Who can write the database but has not the service's key cannot forge it."""
    await trail(2)
    await AuditEntry.all().update(seq=None, previous_hash=None, hash=None)
    crypto.use(crypto.Keyring(keys=KEYRING.keys, current="k1", index_key=b"x" * 32, pepper=b"3" * 32))
    try:
        await link_entries()
    finally:
        crypto.use(KEYRING)

    assert (await verify_chain()).broken_at == 1


async def test_what_is_not_linked_yet_is_counted() -> None:
    await trail(2)
    await record(SYSTEM, "application.expire", "application", "late")

    report = await verify_chain()

    assert (report.linked, report.unlinked_tail, report.broken_at) == (2, 1, None)


async def test_two_chainers_at_once_link_every_entry_once() -> None:
    for number in range(30):
        await record(SYSTEM, "application.expire", "application", f"a{number}")

    linked = sum(await gather(*(link_entries() for _ in range(4))))
    while more := await link_entries():
        linked += more

    report = await verify_chain()
    assert (linked, report.linked, report.unlinked_tail, report.broken_at) == (30, 30, 0, None)


async def test_a_deed_that_was_rolled_back_leaves_no_entry() -> None:
    async def fail() -> None:
        async with in_transaction():
            await record(SYSTEM, "application.expire", "application", "never")
            raise NotFound

    with pytest.raises(NotFound):
        await fail()

    assert await AuditEntry.all().count() == 0


async def test_an_entry_names_the_request_and_the_moment() -> None:
    token = request_id.set("r-1")
    before = clock.now()
    try:
        await record(SYSTEM, "application.expire", "application", "a")
    finally:
        request_id.reset(token)

    entry = await AuditEntry.get(object_id="a")
    assert (entry.request_id, entry.actor_name, entry.actor_id) == ("r-1", "系统", None)
    assert before <= entry.created_at <= clock.now()


async def test_reading_is_newest_first_and_page_by_page() -> None:
    await trail(5)

    first = await list_entries(EntryFilter(object_kind="application"), None, 2)
    second = await list_entries(EntryFilter(object_kind="application"), first[-1].id, 2)

    assert [entry.object_id for entry in first + second] == ["a4", "a3", "a2", "a1"]


async def test_entries_are_found_by_object_action_and_actor() -> None:
    entries = await trail(3)
    one = entries[1]

    for wanted in (EntryFilter(object_id="a1"), EntryFilter(actor_id=one.actor_id)):
        assert [entry.id for entry in await list_entries(wanted, None, 10)] == [one.id]
    assert len(await list_entries(EntryFilter(action="application.approve"), None, 10)) == 3
    assert await list_entries(EntryFilter(action="application.reject"), None, 10) == []
