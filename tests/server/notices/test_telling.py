"""Telling an audience: everyone once, whoever else is at it and whoever died; never more in memory than a chunk."""

import asyncio
import tracemalloc
from collections.abc import Callable
from datetime import timedelta

from models.accounts import Account, AccountKind
from models.messages import Delivery, Message, MessageKind
from models.notices import Notice, NoticeState
from server import clock
from server.messages.inbox import open_message, unread_counts
from server.messages.outbox import payload_of
from server.messages.undone import notice_occurrence
from server.notices import telling
from server.notices.audience import Audience
from server.notices.campaign import carry_on
from server.notices.drafts import find_notice
from server.notices.publish import cancel_notice, publish_notice
from server.notices.refusals import NoticeNotDraft, StaleNotice
from server.notices.telling import tell_audience
from tests.server.notices.conftest import NoticeWorld, ids, once_begun, states, told_accounts

Later = Callable[..., None]


async def test_everyone_is_told_in_the_app_and_followers_by_wechat(world: NoticeWorld) -> None:
    crowd = await world.crowd(2)
    unbound = await world.firm()

    notice = await world.told(Audience(numbers=(*crowd.audience.numbers, unbound.number)))

    assert await told_accounts(notice) == sorted([*ids(crowd), unbound.id])
    assert await states(notice) == ["pending"] * 2
    assert (notice.told, notice.state) == (3, NoticeState.SENDING)


async def test_the_message_centre_shows_the_title_and_leads_to_the_text(world: NoticeWorld) -> None:
    firm = (await world.crowd(1)).accounts[0]
    notice = await world.told(Audience(numbers=(firm.number,)))

    message = await open_message(firm.id, (await Message.get(account_id=firm.id)).id)

    assert (message.kind, message.text, message.notice_id) == (MessageKind.NOTICE, "关于年检的通知", notice.id)
    assert message.sms_fallback == ""
    assert (await unread_counts(firm.id))[MessageKind.NOTICE] == 0


async def test_wechat_is_told_the_title_cut_to_its_field(world: NoticeWorld) -> None:
    crowd = await world.crowd(1)
    draft = await world.draft(crowd.audience, "关于开展二〇二六年度注册会计师任职资格检查工作的通知")
    await Notice.filter(id=draft.id).update(state=NoticeState.ENQUEUEING, published_at=clock.at(clock.today(), "09:05"))

    await tell_audience(draft)

    delivery = await Delivery.get(occurrence=notice_occurrence(draft.id))
    fields = payload_of(delivery)["fields"]
    assert (delivery.template, delivery.bulk) == ("notice", True)
    assert len(fields["thing1"]) <= 20
    assert fields["time3"].endswith(" 09:05")


async def test_an_account_named_twice_is_told_once(world: NoticeWorld) -> None:
    custody = await world.custody()
    others = [await world.custody() for _ in range(4)]

    notice = await world.told(Audience(kinds=(AccountKind.CUSTODY,), numbers=(custody.number,)), chunk=3)

    told = await told_accounts(notice)
    assert len(told) == len(set(told)) == notice.told
    assert {account.id for account in (custody, *others)} <= set(told)


async def test_two_workers_tell_everyone_once(world: NoticeWorld) -> None:
    crowd = await world.crowd(20)
    notice = await world.published(crowd.audience)

    await asyncio.gather(*(tell_audience(notice, chunk=3) for _ in range(4)))

    assert await told_accounts(notice) == ids(crowd)
    assert (await find_notice(notice.id)).told == 20


async def test_a_worker_that_wakes_after_another_took_over_writes_nothing(world: NoticeWorld, later: Later) -> None:
    crowd = await world.crowd(9)
    notice = await world.published(crowd.audience)
    await Notice.filter(id=notice.id).update(lease="asleep", leased_until=clock.now() + timedelta(seconds=15))
    asleep = await find_notice(notice.id)
    chunk = await telling.next_chunk(asleep, 3)
    later(seconds=16)
    await tell_audience(notice, chunk=3)

    written = await telling.commit(asleep, "asleep", chunk)

    assert written is False
    assert await told_accounts(notice) == ids(crowd)


async def test_a_worker_that_died_is_resumed_after_its_last_chunk(world: NoticeWorld, later: Later) -> None:
    crowd = await world.crowd(10)
    notice = await world.published(crowd.audience)
    await Notice.filter(id=notice.id).update(lease="dead", leased_until=clock.now() + timedelta(seconds=15))
    assert await telling.tell_next(notice.id, "dead", 3)
    before = await told_accounts(notice)

    await tell_audience(notice, chunk=3)
    while_leased = await told_accounts(notice)
    later(seconds=16)
    await tell_audience(notice, chunk=3)

    assert before == while_leased == ids(crowd)[:3]
    assert await told_accounts(notice) == ids(crowd)
    assert (await find_notice(notice.id)).state is NoticeState.SENDING


async def test_a_worker_cut_off_in_a_chunk_leaves_nothing_of_it(world: NoticeWorld) -> None:
    crowd = await world.crowd(30)
    notice = await world.published(crowd.audience)
    cut = asyncio.create_task(tell_audience(notice, chunk=3))
    await once_begun(notice)
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    halfway = await find_notice(notice.id)

    told = await told_accounts(notice)
    await tell_audience(notice, chunk=3)

    assert len(told) == halfway.told < 30
    assert await told_accounts(notice) == ids(crowd)


async def test_a_cancel_between_two_chunks_ends_the_telling(world: NoticeWorld) -> None:
    crowd = await world.crowd(30)
    notice = await world.published(crowd.audience)
    going = asyncio.create_task(tell_audience(notice, chunk=3))
    await once_begun(notice)

    cancelled = await cancel_notice(notice.id, world.editor)
    await going
    await carry_on()

    assert len(await told_accounts(notice)) == cancelled.told < 30
    assert set(await states(notice)) == {"superseded"}


async def test_a_cancel_raced_with_the_telling_leaves_nothing_to_send(world: NoticeWorld) -> None:
    crowd = await world.crowd(12)
    notice = await world.published(crowd.audience)

    await asyncio.gather(tell_audience(notice, chunk=3), cancel_notice(notice.id, world.editor))
    await carry_on()

    ended = await find_notice(notice.id)
    assert (ended.state, ended.told) == (NoticeState.CANCELLED, len(await told_accounts(notice)))
    assert "pending" not in await states(notice)


async def test_a_cancel_raced_with_publishing_always_has_the_last_word(world: NoticeWorld) -> None:
    drafts = [await world.draft((await world.crowd(1)).audience) for _ in range(5)]

    for draft in drafts:
        published, cancelled = await asyncio.gather(
            publish_notice(draft.id, world.editor), cancel_notice(draft.id, world.editor), return_exceptions=True
        )
        assert isinstance(published, Notice | NoticeNotDraft | StaleNotice)
        assert isinstance(cancelled, Notice)
    await carry_on()

    assert {(await find_notice(draft.id)).state for draft in drafts} == {NoticeState.CANCELLED}
    assert [await told_accounts(draft) for draft in drafts] == [[]] * 5


async def test_a_disabled_account_is_passed_over(world: NoticeWorld) -> None:
    crowd = await world.crowd(3)
    notice = await world.published(crowd.audience)
    await Account.filter(id=crowd.accounts[1].id).update(disabled_at=clock.now())

    await tell_audience(notice, chunk=3)

    assert await told_accounts(notice) == sorted([crowd.accounts[0].id, crowd.accounts[2].id])


async def test_ten_times_the_audience_is_never_held_at_once(world: NoticeWorld) -> None:
    small, large = [await world.crowd(500) for _ in range(2)]
    to_few, to_many = [[await world.published(crowd.audience) for _ in range(2)] for crowd in (small, large)]
    await Account.filter(id__in=ids(small)[50:]).update(disabled_at=clock.now())
    await peak_of(await world.published((await world.crowd(50)).audience))  # whatever is kept for ever

    # The lesser of two, for what the whole process keeps for ever may happen to grow in one of them.
    peaks = [min([await peak_of(notice) for notice in notices]) for notices in (to_few, to_many)]

    told = [(await find_notice(notice.id)).told for notice in (*to_few, *to_many)]
    assert told == [50, 50, 500, 500]
    assert peaks[1] < peaks[0] * 2  # were everything kept, it would be ten times


async def peak_of(notice: Notice) -> int:
    """The most memory that telling it took at once, beyond what there was before; bytes."""
    tracemalloc.start()
    try:
        await tell_audience(notice, chunk=25)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
