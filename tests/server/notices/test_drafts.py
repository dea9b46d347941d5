"""Drafts: changed at the version that was read, never after they were published, and looked over before."""

import asyncio

import pytest

from models.accounts import Account, AccountKind
from models.audit import AuditEntry
from models.notices import NoticeState
from server import clock
from server.messages.inbox import BadCursor
from server.notices.audience import Audience, audience_of, preview
from server.notices.drafts import change_notice, find_notice, list_notices
from server.notices.publish import cancel_notice, publish_notice
from server.notices.refusals import (
    NoAudience,
    NobodyToTell,
    NoticeEnded,
    NoticeNotDraft,
    NoticeNotFound,
    StaleNotice,
    UnknownNumbers,
)
from tests.server.notices.conftest import NoticeWorld


async def test_a_draft_is_changed_and_keeps_what_was_not_named(world: NoticeWorld) -> None:
    draft, other = await world.draft((await world.crowd(1)).audience), (await world.crowd(1)).audience

    changed = await change_notice(draft.id, 0, {"title": "更正", "audience": other}, world.editor)

    assert (changed.title, changed.body, changed.version) == ("更正", "请于月底前办理。", 1)
    assert audience_of(changed) == other


async def test_two_editors_of_one_version_do_not_overwrite_each_other(world: NoticeWorld) -> None:
    draft = await world.draft((await world.crowd(1)).audience)

    outcomes = await asyncio.gather(
        *(change_notice(draft.id, 0, {"title": title}, world.editor) for title in ("甲", "乙")), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Notice", "StaleNotice"]


async def test_an_older_version_is_refused(world: NoticeWorld) -> None:
    draft = await world.draft((await world.crowd(1)).audience)
    await change_notice(draft.id, 0, {"title": "甲"}, world.editor)

    with pytest.raises(StaleNotice):
        await change_notice(draft.id, 0, {"title": "乙"}, world.editor)


async def test_what_is_published_is_changed_no_more(world: NoticeWorld) -> None:
    notice = await world.published((await world.crowd(1)).audience)

    with pytest.raises(NoticeNotDraft):
        await change_notice(notice.id, notice.version, {"title": "乙"}, world.editor)

    assert (await find_notice(notice.id)).title == "关于年检的通知"


async def test_published_twice_at_once_it_is_published_once(world: NoticeWorld) -> None:
    draft = await world.draft((await world.crowd(1)).audience)

    outcomes = await asyncio.gather(*(publish_notice(draft.id, world.editor) for _ in range(3)), return_exceptions=True)

    assert [type(outcome).__name__ for outcome in outcomes].count("Notice") == 1
    assert await AuditEntry.filter(object_id=str(draft.id), action="publish_notice").count() == 1


async def test_what_has_ended_is_not_cancelled(world: NoticeWorld) -> None:
    draft = await world.draft((await world.crowd(1)).audience)
    await cancel_notice(draft.id, world.editor)

    with pytest.raises(NoticeEnded):
        await cancel_notice(draft.id, world.editor)
    with pytest.raises(NoticeNotDraft):
        await publish_notice(draft.id, world.editor)


async def test_nobody_left_to_tell_leaves_it_a_draft(world: NoticeWorld) -> None:
    crowd = await world.crowd(1)
    draft = await world.draft(crowd.audience)
    await Account.filter(id=crowd.accounts[0].id).update(disabled_at=clock.now())

    with pytest.raises(NobodyToTell):
        await publish_notice(draft.id, world.editor)

    assert (await find_notice(draft.id)).state is NoticeState.DRAFT


async def test_an_audience_names_somebody(world: NoticeWorld) -> None:
    with pytest.raises(NoAudience):
        await world.draft(Audience())


async def test_numbers_without_an_account_are_named(world: NoticeWorld) -> None:
    known = (await world.crowd(1)).accounts[0].number

    with pytest.raises(UnknownNumbers) as refused:
        await world.draft(Audience(numbers=(known, "没有", "也没有")))

    assert refused.value.details == {"numbers": ["也没有", "没有"]}


async def test_a_preview_counts_recipients_by_channel(world: NoticeWorld) -> None:
    crowd = await world.crowd(3)
    await world.binding(crowd.accounts[0])
    gone, unbound = await world.firm(), await world.firm()
    await world.binding(gone, reachable=False)
    numbers = (*crowd.audience.numbers, gone.number, unbound.number)

    seen = await preview(Audience(numbers=numbers))

    assert (seen.in_app, seen.wechat, seen.in_app_only) == (5, 4, 2)


async def test_kinds_name_all_accounts_of_a_kind_that_are_not_disabled(world: NoticeWorld) -> None:
    before = await preview(Audience(kinds=(AccountKind.CUSTODY,)))
    await world.custody()
    disabled = await world.custody()
    await Account.filter(id=disabled.id).update(disabled_at=clock.now())

    after = await preview(Audience(kinds=(AccountKind.CUSTODY,)))

    assert after.in_app == before.in_app + 1


async def test_notices_are_listed_from_new_to_old(world: NoticeWorld) -> None:
    crowd = await world.crowd(1)
    written = [await world.draft(crowd.audience, title) for title in "甲乙丙"]

    first, cursor = await list_notices(None, None, 2)
    second, _ = await list_notices(NoticeState.DRAFT, cursor, 1)

    assert [notice.id for notice in (*first, *second)] == [notice.id for notice in reversed(written)]


async def test_a_mangled_cursor_or_id_finds_nothing(world: NoticeWorld) -> None:
    crowd = await world.crowd(1)

    with pytest.raises(BadCursor):
        await list_notices(None, "../etc", 20)
    with pytest.raises(NoticeNotFound):
        await find_notice(crowd.accounts[0].id)
