"""Sending: WeChat first, the SMS only when WeChat has definitely failed, each person one at a time."""

import asyncio
from collections.abc import Callable

import pytest

from models.accounts import WechatBinding
from models.appointments import Appointment
from models.messages import Channel, Delivery, DeliveryState, Message
from server.messages.channels import Failed, InDoubt, Outcome, Outgoing, Refused
from server.messages.outcomes import settle_receipt
from tests.engines.engine import Engine
from tests.fakes_messages import (
    FakeSender,
    MessageWorld,
    Outside,
    arrived,
    blocked,
    bound_firm,
    contact_of,
    deliveries_of,
    lost,
    mobile_of,
    only_delivery,
    states_of,
    tell_done,
)

Later = Callable[..., None]


@pytest.fixture
def world(engine: Engine) -> MessageWorld:
    """Leases and fallbacks are races: both engines."""
    return MessageWorld()


async def test_wechat_is_sent_and_the_receipt_settles_it(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)

    await outside.deliver_all()
    sent = await only_delivery(firm)
    await settle_receipt(Channel.WECHAT, arrived(sent.provider_id))

    assert sent.state is DeliveryState.SENT
    assert outside.wechat.to(openid)[0].fields["phrase3"] == "办理完成"
    assert await states_of(firm) == ["delivered"]


async def test_a_channel_without_receipts_is_done_at_once(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    await tell_done(world, firm)

    await outside.deliver_all()

    assert await states_of(firm) == ["delivered"]
    assert len(outside.sms.to(contact_of(firm))) == 1


async def test_the_sms_follows_only_when_every_wechat_has_failed(world: MessageWorld, outside: Outside) -> None:
    firm, first = await bound_firm(world)
    second = await world.binding(firm)
    outside.wechat.plan = {first: [Refused("43004", "用户未关注服务号")], second: [InDoubt("没有回答")]}
    await tell_done(world, firm)

    await outside.deliver_all()
    doubted = await only_delivery(firm, state=DeliveryState.IN_DOUBT)
    before = outside.sms.to(contact_of(firm))
    await Delivery.filter(id=doubted.id).update(provider_id=doubted.id.hex)
    await settle_receipt(Channel.WECHAT, blocked(doubted.id.hex))
    await outside.deliver_all()

    assert before == []
    assert [call.text for call in outside.sms.to(contact_of(firm))] == [(await Message.get(account_id=firm.id)).text]


async def test_two_failures_at_once_write_one_sms(world: MessageWorld, outside: Outside) -> None:
    firm, first = await bound_firm(world)
    second = await world.binding(firm)
    outside.wechat.plan = {openid: [Failed("47003", "内容不符")] for openid in (first, second)}
    await tell_done(world, firm)

    await outside.deliver_all()

    assert await states_of(firm, channel=Channel.WECHAT) == ["failed", "failed"]
    assert await states_of(firm, channel=Channel.SMS) == ["delivered"]


async def test_one_wechat_that_arrived_is_enough(world: MessageWorld, outside: Outside) -> None:
    firm, first = await bound_firm(world)
    await world.binding(firm)
    outside.wechat.plan = {first: [Refused("43101", "用户拒收")]}
    await tell_done(world, firm)

    await outside.deliver_all()

    assert await deliveries_of(firm, channel=Channel.SMS) == []


async def test_who_unfollowed_is_not_tried_again(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [Refused("43004", "用户未关注服务号")]}

    await tell_done(world, firm)
    await outside.deliver_all()
    await tell_done(world, firm)
    await outside.deliver_all()

    assert (await WechatBinding.get(openid=openid)).reachable is False
    assert len(outside.wechat.to(openid)) == 1
    assert len(outside.sms.to(contact_of(firm))) == 2


async def test_a_repeated_receipt_changes_nothing(world: MessageWorld, outside: Outside) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    await outside.deliver_all()
    number = str((await only_delivery(firm)).provider_id)

    receipts = (arrived(number), arrived(number), lost(number))
    results = [await settle_receipt(Channel.WECHAT, receipt) for receipt in receipts]

    assert results == [True, True, True]
    assert await states_of(firm) == ["delivered"]


async def test_a_receipt_of_failure_opens_the_sms(world: MessageWorld, outside: Outside) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    await outside.deliver_all()

    await settle_receipt(Channel.WECHAT, lost((await only_delivery(firm)).provider_id))
    await outside.deliver_all()

    assert sorted(await states_of(firm)) == ["delivered", "failed"]


async def test_an_appointment_that_moved_on_is_not_promised(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    application = await world.application(firm)
    appointment = await world.booked(firm, application)
    await Appointment.filter(id=appointment.id).update(version=1)  # moved; its own announcement is still to come

    await outside.deliver_all()

    assert outside.sms.to(mobile_of(application)) == []
    assert await states_of(firm) == ["superseded", "superseded"]


async def test_a_person_without_mobile_is_refused_and_others_go_on(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    zhang, li = await world.application(firm, "张三"), await world.application(firm, "李四")
    zhang.form = "k1.broken"
    await zhang.save()

    await world.booked(firm, zhang, li)
    await outside.deliver_all()

    assert sorted(await states_of(firm)) == ["delivered", "delivered", "refused"]
    assert len(outside.sms.to(mobile_of(li))) == 1


async def test_one_person_is_never_sent_two_at_once(world: MessageWorld) -> None:
    firm, openid = await bound_firm(world)
    for _ in range(4):
        await tell_done(world, firm)
    watched = Watching(openid)

    await Outside(wechat=watched).deliver_all()

    assert (watched.sent, watched.most) == (4, 1)


class Watching(FakeSender):
    """Counts how many calls to one address are in flight."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.inside, self.most, self.sent = address, 0, 0, 0

    async def send(self, outgoing: Outgoing) -> Outcome:
        if outgoing.address == self.address:
            self.inside += 1
            self.sent += 1
            self.most = max(self.most, self.inside)
            for _ in range(5):
                await asyncio.sleep(0)
            self.inside -= 1
        return await super().send(outgoing)
