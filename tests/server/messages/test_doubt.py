"""Busy providers and unknown outcomes: bounded tries, and no blind repetition (decisions D27)."""

from collections.abc import Callable

import pytest

from models.messages import Channel, DeliveryState
from server.messages.channels import Delivered, InDoubt, Receipt, Sent, TryLater
from server.messages.deliver import client_msg_id
from server.messages.leases import LEASE
from server.messages.outcomes import settle_receipt
from tests.engines.engine import Engine
from tests.fakes_messages import (
    MessageWorld,
    Outside,
    bound_firm,
    contact_of,
    lease_due,
    only_delivery,
    states_of,
    tell_done,
)

Later = Callable[..., None]


@pytest.fixture
def world(engine: Engine) -> MessageWorld:
    """Leases and fallbacks are races: both engines."""
    return MessageWorld()


async def test_a_busy_provider_is_tried_five_times_then_staff_see_it(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [TryLater(1, "99999", "微信返回未知错误")]}
    await tell_done(world, firm)

    await outside.deliver_over(later, *range(0, 100, 10))

    failed = await only_delivery(firm, channel=Channel.WECHAT)
    assert len(outside.wechat.to(openid)) == 5
    assert (failed.state, failed.error_code) == (DeliveryState.FAILED, "99999")
    assert failed.reason == "已尝试5次：微信返回未知错误"


async def test_waits_at_least_as_long_as_the_provider_asks(world: MessageWorld, outside: Outside, later: Later) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [TryLater(3600, "45009", "当日次数已用完"), Sent("m1")]}
    await tell_done(world, firm)

    await outside.deliver_all()
    later(minutes=59)
    await outside.deliver_all()
    early = len(outside.wechat.to(openid))
    later(minutes=61)
    await outside.deliver_all()

    assert (early, len(outside.wechat.to(openid))) == (1, 2)


async def test_the_first_repeat_comes_as_soon_as_the_provider_says(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    """43108: two messages to one person at once, over in seconds."""
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [TryLater(2, "43108", "同一用户的消息发送过快"), Sent("m1")]}
    await tell_done(world, firm)

    await outside.deliver_all()
    later(minutes=3 / 60)
    await outside.deliver_all()

    assert len(outside.wechat.to(openid)) == 2


async def test_in_doubt_repeats_the_same_id_for_eight_minutes_only(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [InDoubt("没有回答")]}
    await tell_done(world, firm)

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
    await tell_done(world, firm)

    await outside.deliver_all()
    later(minutes=8.1)
    await outside.deliver_all()

    assert len(outside.wechat.to(openid)) == 1


async def test_a_day_without_receipt_is_given_up_without_fallback(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [InDoubt("没有回答")]}
    await tell_done(world, firm)

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
    await tell_done(world, firm)

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
    await tell_done(world, firm)

    await outside.deliver_all()
    later(hours=2)
    await outside.deliver_all()

    assert await states_of(firm) == ["sent"]


async def test_a_text_whose_worker_died_while_sending_is_not_sent_twice(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    """No SMS service knows an id of ours: a receipt that names the delivery settles it, or staff see it."""
    firm = await world.firm()
    await tell_done(world, firm)
    await lease_due(Channel.SMS, 10)
    doubted = await only_delivery(firm)

    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()
    before = await states_of(firm)
    await settle_receipt(Channel.SMS, Receipt("5000:1", Delivered(), doubted.id))

    assert outside.sms.calls == []
    assert (before, await states_of(firm)) == (["in_doubt"], ["delivered"])


async def test_a_limit_of_the_provider_is_waited_out_and_uses_up_no_try(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm = await world.firm()
    limited = TryLater(3600, "PhoneNumberOneHourLimit", "同一手机号1小时内条数已满", counts=False)
    outside.sms.plan = {contact_of(firm): [*[limited] * 8, Sent("")]}
    await tell_done(world, firm)

    await outside.deliver_over(later, *(61 * hour for hour in range(9)))

    assert (len(outside.sms.to(contact_of(firm))), await states_of(firm)) == (9, ["delivered"])
