"""Sending: each delivery once, failures to the next channel, doubt without blind repetition."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from models.accounts import Account, WechatBinding
from models.appointments import Appointment
from models.messages import Channel, Delivery, DeliveryState, Message
from server import clock
from server.messages.announce import announce
from server.messages.channels import Failed, InDoubt, Outcome, Outgoing, Refused, Sent, TryLater
from server.messages.deliver import Deliverer, client_msg_id
from server.messages.events import ApplicationEvent
from server.messages.leases import LEASE, due_ids, lease_due, take
from server.messages.outcomes import after, record, settle_receipt
from tests.engines.engine import Engine
from tests.fakes_messages import (
    FakeSender,
    MessageWorld,
    Outside,
    contact_of,
    deliveries_of,
    mobile_of,
    only_delivery,
    states_of,
)

Later = Callable[..., None]


@pytest.fixture
def world(engine: Engine) -> MessageWorld:
    """Leases and fallbacks are races: both engines."""
    return MessageWorld()


async def done(world: MessageWorld, firm: Account) -> None:
    """Something to tell the account alone: 办理完成."""
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))


async def bound_firm(world: MessageWorld) -> tuple[Account, str]:
    firm = await world.firm()
    return firm, await world.binding(firm)


async def test_wechat_is_sent_and_the_receipt_settles_it(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    await done(world, firm)

    await outside.deliver_all()
    sent = await only_delivery(firm)
    await settle_receipt(str(sent.provider_id), "success")

    assert sent.state is DeliveryState.SENT
    assert outside.wechat.to(openid)[0].fields["phrase3"] == "办理完成"
    assert await states_of(firm) == ["delivered"]


async def test_a_channel_without_receipts_is_done_at_once(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    await done(world, firm)

    await outside.deliver_all()

    assert await states_of(firm) == ["delivered"]
    assert len(outside.sms.to(contact_of(firm))) == 1


async def test_the_sms_follows_only_when_every_wechat_has_failed(world: MessageWorld, outside: Outside) -> None:
    firm, first = await bound_firm(world)
    second = await world.binding(firm)
    outside.wechat.plan = {first: [Refused("43004", "用户未关注服务号")], second: [InDoubt("没有回答")]}
    await done(world, firm)

    await outside.deliver_all()
    doubted = await only_delivery(firm, state=DeliveryState.IN_DOUBT)
    before = outside.sms.to(contact_of(firm))
    await Delivery.filter(id=doubted.id).update(provider_id=doubted.id.hex)
    await settle_receipt(doubted.id.hex, "failed:user block")
    await outside.deliver_all()

    assert before == []
    assert [call.text for call in outside.sms.to(contact_of(firm))] == [(await Message.get(account_id=firm.id)).text]


async def test_two_failures_at_once_write_one_sms(world: MessageWorld, outside: Outside) -> None:
    firm, first = await bound_firm(world)
    second = await world.binding(firm)
    outside.wechat.plan = {openid: [Failed("47003", "内容不符")] for openid in (first, second)}
    await done(world, firm)

    await outside.deliver_all()

    assert await states_of(firm, channel=Channel.WECHAT) == ["failed", "failed"]
    assert await states_of(firm, channel=Channel.SMS) == ["delivered"]


async def test_one_wechat_that_arrived_is_enough(world: MessageWorld, outside: Outside) -> None:
    firm, first = await bound_firm(world)
    await world.binding(firm)
    outside.wechat.plan = {first: [Refused("43101", "用户拒收")]}
    await done(world, firm)

    await outside.deliver_all()

    assert await deliveries_of(firm, channel=Channel.SMS) == []


async def test_who_unfollowed_is_not_tried_again(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [Refused("43004", "用户未关注服务号")]}

    await done(world, firm)
    await outside.deliver_all()
    await done(world, firm)
    await outside.deliver_all()

    assert (await WechatBinding.get(openid=openid)).reachable is False
    assert len(outside.wechat.to(openid)) == 1
    assert len(outside.sms.to(contact_of(firm))) == 2


async def test_a_busy_provider_is_tried_five_times_then_staff_see_it(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [TryLater(1, "99999", "微信返回未知错误")]}
    await done(world, firm)

    for minutes in range(0, 100, 10):
        later(minutes=minutes)
        await outside.deliver_all()

    failed = await only_delivery(firm, channel=Channel.WECHAT)
    assert len(outside.wechat.to(openid)) == 5
    assert (failed.state, failed.error_code) == (DeliveryState.FAILED, "99999")
    assert failed.reason == "已尝试5次：微信返回未知错误"


async def test_waits_at_least_as_long_as_the_provider_asks(world: MessageWorld, outside: Outside, later: Later) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [TryLater(3600, "45009", "当日次数已用完"), Sent("m1")]}
    await done(world, firm)

    await outside.deliver_all()
    later(minutes=59)
    await outside.deliver_all()
    early = len(outside.wechat.to(openid))
    later(minutes=61)
    await outside.deliver_all()

    assert (early, len(outside.wechat.to(openid))) == (1, 2)


async def test_in_doubt_repeats_the_same_id_for_eight_minutes_only(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [InDoubt("没有回答")]}
    await done(world, firm)

    for minutes in (0, 1, 3, 6, 7.9, 8.1, 30, 600):
        later(minutes=minutes)
        await outside.deliver_all()

    delivery = await only_delivery(firm)
    calls = outside.wechat.to(openid)
    assert len(calls) > 1
    assert {call.client_msg_id for call in calls} == {client_msg_id(delivery.id)}
    assert delivery.state is DeliveryState.IN_DOUBT


async def test_no_attempt_starts_after_eight_minutes(world: MessageWorld, outside: Outside, later: Later) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [InDoubt("没有回答")]}
    await done(world, firm)

    await outside.deliver_all()
    later(minutes=8.1)
    await outside.deliver_all()

    assert len(outside.wechat.to(openid)) == 1


async def test_a_day_without_receipt_is_given_up_without_fallback(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [InDoubt("没有回答")]}
    await done(world, firm)

    for hours in (0, 1, 23.9):
        later(hours=hours)
        await outside.deliver_all()
    before = await states_of(firm)
    later(hours=24.1)
    await outside.deliver_all()

    delivery = await only_delivery(firm)
    assert before == ["in_doubt"]
    assert (delivery.state, delivery.reason[:4]) == (DeliveryState.FAILED, "结果未知")


async def test_busy_after_doubt_stays_in_doubt(world: MessageWorld, outside: Outside, later: Later) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [InDoubt("没有回答"), TryLater(1, "-1", "微信系统繁忙")]}
    await done(world, firm)

    await outside.deliver_all()
    later(minutes=1)
    await outside.deliver_all()

    assert len(outside.wechat.to(openid)) == 2
    assert await states_of(firm) == ["in_doubt"]


async def test_a_busy_answer_is_no_doubt_however_late_the_next_try(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [TryLater(1, "-1", "微信系统繁忙"), Sent("late")]}
    await done(world, firm)

    await outside.deliver_all()
    later(hours=2)
    await outside.deliver_all()

    assert await states_of(firm) == ["sent"]


async def test_two_workers_send_each_delivery_once(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    openids = [await world.binding(firm) for _ in range(20)]
    for _ in range(5):
        await done(world, firm)

    await asyncio.gather(outside.deliver_all(), outside.deliver_all())

    assert [len(outside.wechat.to(openid)) for openid in openids] == [5] * 20
    assert len({call.client_msg_id for call in outside.wechat.calls}) == len(outside.wechat.calls)


async def test_a_lease_is_nobody_elses(world: MessageWorld) -> None:
    firm = await world.firm()
    await done(world, firm)

    first = [row.id for row in await lease_due(1000)]
    second = await lease_due(1000)

    assert (await only_delivery(firm)).id in first
    assert second == []


async def test_what_was_sent_between_the_look_and_the_claim_is_not_taken(world: MessageWorld, outside: Outside) -> None:
    firm, _ = await bound_firm(world)
    await done(world, firm)
    seen = await due_ids(1000)
    await outside.deliver_all()

    taken = await take(seen)

    assert taken == []
    assert await states_of(firm) == ["sent"]


async def test_a_late_worker_cannot_record_under_the_lease_of_another(world: MessageWorld, later: Later) -> None:
    firm, _ = await bound_firm(world)
    await done(world, firm)
    late = next(row for row in await lease_due(1000) if row.account_id == firm.id)
    later(seconds=LEASE.total_seconds() + 1)
    await lease_due(1000)

    kept = await record(late, after(Failed("47003", "内容不符"), late, clock.now()))

    assert kept is False
    assert await states_of(firm) == ["sending"]


async def test_a_worker_that_died_before_sending_is_replaced(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    await done(world, firm)
    await lease_due(1000)

    await outside.deliver_all()
    while_leased = outside.wechat.to(openid)
    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()

    assert while_leased == []
    assert len(outside.wechat.to(openid)) == 1


async def test_a_worker_that_died_after_sending_is_repeated_with_the_same_id(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    await done(world, firm)
    await die_while_sending(outside)

    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()

    assert len({call.client_msg_id for call in outside.wechat.to(openid)}) == 1
    assert await states_of(firm) == ["sent"]


async def test_a_worker_dead_for_long_leaves_a_doubt_and_no_second_sending(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    await done(world, firm)
    await die_while_sending(outside)

    later(minutes=9)
    await outside.deliver_all()

    assert outside.wechat.to(openid) == []
    assert await states_of(firm) == ["in_doubt"]


class Silent:
    """A provider that never answers."""

    async def send(self, outgoing: Outgoing) -> Outcome:
        await asyncio.Event().wait()
        return InDoubt("")


async def die_while_sending(outside: Outside) -> None:
    deliverer = Deliverer({Channel.WECHAT: Silent(), Channel.SMS: outside.sms})
    await deliverer.start_due()
    await deliverer.drain(0.05)


async def test_a_late_worker_cannot_overwrite_what_another_recorded(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, _ = await bound_firm(world)
    await done(world, firm)
    late = next(row for row in await lease_due(1000) if row.account_id == firm.id)
    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()

    kept = await record(late, after(Failed("47003", "内容不符"), late, clock.now()))

    assert kept is False
    assert await states_of(firm) == ["sent"]


async def test_a_repeated_receipt_changes_nothing(world: MessageWorld, outside: Outside) -> None:
    firm, _ = await bound_firm(world)
    await done(world, firm)
    await outside.deliver_all()
    number = str((await only_delivery(firm)).provider_id)

    results = [await settle_receipt(number, status) for status in ("success", "success", "failed: system failed")]

    assert results == [True, True, True]
    assert await states_of(firm) == ["delivered"]


async def test_a_receipt_of_failure_opens_the_sms(world: MessageWorld, outside: Outside) -> None:
    firm, _ = await bound_firm(world)
    await done(world, firm)
    await outside.deliver_all()

    await settle_receipt(str((await only_delivery(firm)).provider_id), "failed: system failed")
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
        await done(world, firm)
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


async def test_a_fault_of_ours_leaves_the_delivery_to_be_repeated(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, _ = await bound_firm(world)
    await done(world, firm)

    await Outside(wechat=Broken()).deliver_all()
    stuck = await only_delivery(firm)
    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()

    assert stuck.state is DeliveryState.SENDING
    assert stuck.next_at - stuck.created_at > timedelta(seconds=50)
    assert await states_of(firm) == ["sent"]


class Broken(FakeSender):
    async def send(self, outgoing: Outgoing) -> Outcome:
        raise ZeroDivisionError
