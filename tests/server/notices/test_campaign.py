"""A notice on its way: sent behind everything else, withheld when cancelled, done when nothing is left to send."""

import asyncio
from collections.abc import Callable

from models.messages import Channel, Delivery, DeliveryState
from models.notices import NoticeState
from server.messages.channels import InDoubt, Outcome, Outgoing, Refused, TryLater
from server.messages.deliver import Deliverer
from server.messages.leases import LEASE
from server.notices.audience import Audience
from server.notices.campaign import carry_on
from server.notices.drafts import find_notice
from server.notices.progress import Progress, progress_of
from server.notices.publish import cancel_notice
from tests.fakes_messages import FakeSender, Outside, bound_firm, lease_due, states_of, tell_done
from tests.server.notices.conftest import NoticeWorld, states

Later = Callable[..., None]


async def test_the_worker_takes_a_notice_from_publishing_to_done(world: NoticeWorld, outside: Outside) -> None:
    crowd = await world.crowd(3)
    notice = await world.published(crowd.audience)

    await carry_on()
    sending = await find_notice(notice.id)
    await outside.deliver_all()
    await carry_on()

    done = await find_notice(notice.id)
    assert (sending.state, done.state) == (NoticeState.SENDING, NoticeState.DONE)
    assert done.ended_at is not None
    assert [len(outside.wechat.to(openid)) for openid in crowd.openids] == [1, 1, 1]


async def test_progress_counts_what_became_of_each(world: NoticeWorld, outside: Outside) -> None:
    crowd = await world.crowd(5)
    gone, silent, busy = crowd.openids[:3]
    outside.wechat.plan = {
        gone: [Refused("43004", "用户未关注服务号")],
        silent: [InDoubt("没有回答")],
        busy: [TryLater(60, "-1", "微信系统繁忙")],
    }
    notice = await world.told(crowd.audience)

    before = await progress_of(notice)
    await outside.deliver_all()
    after = await progress_of(notice)

    nothing = {"delivered": 0, "failed": 0, "superseded": 0}
    assert before == Progress(told=5, pending=5, sent=0, in_doubt=0, refused=0, **nothing)
    assert after == Progress(told=5, pending=1, sent=2, in_doubt=1, refused=1, **nothing)


async def test_a_refused_notice_is_followed_by_no_sms(world: NoticeWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [Refused("43101", "用户拒收")]}
    await world.told(Audience(numbers=(firm.number,)))

    await outside.deliver_all()

    assert await states_of(firm) == ["refused"]


async def test_what_is_sent_stands_and_what_is_not_is_withdrawn(world: NoticeWorld, outside: Outside) -> None:
    crowd = await world.crowd(4)
    outside.wechat.plan = {crowd.openids[0]: [TryLater(60, "-1", "微信系统繁忙")]}
    notice = await world.told(crowd.audience)
    await outside.deliver_all()

    await cancel_notice(notice.id, world.editor)
    await carry_on()

    assert sorted(await states(notice)) == ["sent", "sent", "sent", "superseded"]
    assert (await find_notice(notice.id)).ended_at is not None


async def test_what_a_dead_worker_had_taken_when_it_was_cancelled_may_have_arrived_and_is_not_sent(
    world: NoticeWorld, outside: Outside, later: Later
) -> None:
    crowd = await world.crowd(3)
    notice = await world.told(crowd.audience)
    await lease_due(Channel.WECHAT, 1000)  # by a worker that dies

    await cancel_notice(notice.id, world.editor)
    await carry_on()
    leased = await states(notice)
    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()

    assert leased == ["sending"] * 3
    assert await states(notice) == ["in_doubt"] * 3
    assert not any(outside.wechat.to(openid) for openid in crowd.openids)


async def test_what_may_have_arrived_before_it_was_cancelled_is_not_repeated(
    world: NoticeWorld, outside: Outside, later: Later
) -> None:
    crowd = await world.crowd(1)
    outside.wechat.plan = {crowd.openids[0]: [InDoubt("没有回答")]}
    notice = await world.told(crowd.audience)
    await outside.deliver_all()

    await cancel_notice(notice.id, world.editor)
    await carry_on()
    later(minutes=2)
    await outside.deliver_all()

    assert len(outside.wechat.to(crowd.openids[0])) == 1
    assert await states(notice) == ["in_doubt"]


async def test_a_reminder_overtakes_a_queue_of_notices(world: NoticeWorld) -> None:
    await world.told((await world.crowd(300)).audience)
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    wechat = FakeSender()

    deliverer = Deliverer({Channel.WECHAT: wechat}, at_once=8)
    while not wechat.to(openid):
        await deliverer.start_due()
        await deliverer.drain()

    before = wechat.calls[: wechat.calls.index(wechat.to(openid)[0])]
    assert [call for call in before if call.template == "notice"] == []


async def test_what_a_dead_worker_began_comes_before_the_rest_of_a_notice(world: NoticeWorld, later: Later) -> None:
    """WeChat knows a repetition for ten minutes only, and the rest of the queue may take longer."""
    await world.told((await world.crowd(30)).audience)
    begun = {row.id for row in await lease_due(Channel.WECHAT, 5)}

    later(seconds=LEASE.total_seconds() + 1)
    again = await lease_due(Channel.WECHAT, len(begun) + await _own_business())

    assert begun <= {row.id for row in again}


async def _own_business() -> int:
    return await Delivery.filter(channel=Channel.WECHAT, bulk=False, state=DeliveryState.PENDING).count()


async def test_wechat_that_hangs_holds_up_no_sms(world: NoticeWorld, outside: Outside) -> None:
    await world.told((await world.crowd(20)).audience)
    firm = await world.firm()
    await tell_done(world, firm)
    deliverer = Deliverer({Channel.WECHAT: Hanging(), Channel.SMS: outside.sms}, at_once=4)
    wechat, sms = deliverer.lanes

    hanging = asyncio.create_task(wechat.start_due())
    while await sms.start_due():
        await sms.drain()

    assert await states_of(firm) == ["delivered"]
    hanging.cancel()
    await asyncio.gather(hanging, wechat.stop(0.01), return_exceptions=True)


class Hanging(FakeSender):
    async def send(self, outgoing: Outgoing) -> Outcome:
        await asyncio.Event().wait()
        return await super().send(outgoing)
