"""Subscribe messages: to whoever has agreed to one, counted, never sent twice, and what follows when they fail."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from models.accounts import Account, WechatBinding
from models.messages import Channel, Delivery, DeliveryState, Message
from server.messages.announce import announce, send_code
from server.messages.channels import Failed, InDoubt, Receipt, Refused, Sent, TryLater
from server.messages.credits import balances
from server.messages.events import ApplicationEvent
from server.messages.leases import LEASE
from server.messages.ledger import retry_delivery
from server.messages.outbox import payload_of
from server.messages.outcomes import settle_receipt
from tests.engines.engine import Engine
from tests.fakes_messages import (
    MessageWorld,
    Outside,
    arrived,
    contact_of,
    deliveries_of,
    lease_due,
    lost,
    only_delivery,
    states_of,
    tell_done,
)
from tests.server.messages.test_ledger import ADMIN

PROGRESS, VISIT = "SUBSCRIBE-PROGRESS", "SUBSCRIBE-VISIT"
NO_CREDIT = Refused("43101", "用户没有同意接收这条消息")

Later = Callable[..., None]


@pytest.fixture
def world(engine: Engine) -> MessageWorld:
    """Credits and fallbacks are races: both engines."""
    return MessageWorld()


async def agreed_firm(world: MessageWorld, *agreed: str) -> tuple[Account, str]:
    firm = await world.firm()
    return firm, await world.phone(firm, *agreed)


async def credits(openid: str) -> int:
    return (await balances(openid)).get(PROGRESS, 0)


async def test_a_booking_goes_to_both_wechats_and_to_no_contact(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, VISIT)
    follower = await world.binding(firm)
    application = await world.application(firm)

    await world.booked(firm, application)
    await outside.deliver_all()

    (call,) = outside.mini_program.to(phone)
    message = await Message.get(account_id=firm.id)
    assert call.template == "visit"
    assert call.fields == {
        "thing1": "注册申请",
        "thing2": "张三",
        "phrase3": "预约成功",
        "time4": "2025年6月13日 10:00",
        "thing5": "北京注协会员服务部602",
    }
    assert call.url == f"pages/message/index?id={message.id}"
    assert len(outside.wechat.to(follower)) == 1
    assert outside.sms.to(contact_of(firm)) == []
    assert message.wechat_open == 2


async def test_the_texts_of_one_template_are_named_apart_from_the_service_account_s(world: MessageWorld) -> None:
    firm, _ = await agreed_firm(world, PROGRESS)
    await world.binding(firm)

    await tell_done(world, firm)

    rows = await deliveries_of(firm)
    assert sorted((str(row.channel), row.template, payload_of(row)["template"]) for row in rows) == [
        ("mini_program", "mini_program.progress", "progress"),
        ("wechat", "progress", "progress"),
    ]


async def test_who_has_not_agreed_is_sent_an_sms_at_once(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, VISIT)

    await tell_done(world, firm)  # of the other template
    await outside.deliver_all()

    assert outside.mini_program.to(phone) == []
    assert len(outside.sms.to(contact_of(firm))) == 1


async def test_each_phone_that_agreed_is_told(world: MessageWorld, outside: Outside) -> None:
    firm, first = await agreed_firm(world, PROGRESS)
    second, third = await world.phone(firm, PROGRESS), await world.phone(firm)

    await tell_done(world, firm)
    await outside.deliver_all()

    assert [len(outside.mini_program.to(phone)) for phone in (first, second, third)] == [1, 1, 0]


async def test_an_accepted_message_spends_one_credit_and_its_receipt_none(
    world: MessageWorld, outside: Outside
) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, PROGRESS)

    await tell_done(world, firm)
    await outside.deliver_all()
    after_sending = await credits(phone)
    await settle_receipt(Channel.MINI_PROGRAM, arrived((await only_delivery(firm)).provider_id))

    assert (after_sending, await credits(phone)) == (1, 1)
    assert await states_of(firm) == ["delivered"]


def told_of(phone: str, number: str, template_id: str = PROGRESS) -> Receipt:
    """As subscribe_msg_sent_event tells it: a number, the person and the template."""
    return replace(arrived(f"{phone}:{number}"), address=phone, template_id=template_id)


async def test_without_a_number_from_wechat_the_receipt_is_known_by_person_and_template(
    world: MessageWorld, outside: Outside
) -> None:
    firm, phone = await agreed_firm(world, PROGRESS)
    outside.mini_program.with_receipts = False
    await tell_done(world, firm)
    await outside.deliver_all()

    before = await states_of(firm)
    others = [
        await settle_receipt(Channel.MINI_PROGRAM, told_of(phone, "m0", VISIT)),
        await settle_receipt(Channel.MINI_PROGRAM, told_of(await world.phone(firm), "m0")),
    ]
    settled = [await settle_receipt(Channel.MINI_PROGRAM, told_of(phone, "m1")) for _ in range(3)]

    assert (before, others, settled) == (["sent"], [False, False], [True] * 3)
    assert (await states_of(firm), await credits(phone)) == (["delivered"], 0)


async def test_two_receipts_of_one_person_settle_two_messages(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, PROGRESS)
    outside.mini_program.with_receipts = False
    for _ in range(2):
        await tell_done(world, firm)
    await outside.deliver_all()

    receipts = [told_of(phone, number) for number in ("first", "second", "first", "second")]
    settled = await asyncio.gather(*(settle_receipt(Channel.MINI_PROGRAM, receipt) for receipt in receipts))
    again = [await settle_receipt(Channel.MINI_PROGRAM, receipt) for receipt in receipts]

    assert any(settled)
    assert all(again)
    assert await states_of(firm) == ["delivered", "delivered"]


async def test_a_doubt_is_settled_by_person_and_template_after_what_was_surely_accepted(
    world: MessageWorld, outside: Outside
) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, PROGRESS)
    outside.mini_program.plan = {phone: [InDoubt("没有回答", repeatable=False), Sent("")]}
    for _ in range(2):
        await tell_done(world, firm)
        await outside.deliver_all()

    await settle_receipt(Channel.MINI_PROGRAM, told_of(phone, "m1"))
    first = await states_of(firm)
    await settle_receipt(Channel.MINI_PROGRAM, told_of(phone, "m2"))

    assert (first, await states_of(firm)) == (["in_doubt", "delivered"], ["delivered", "delivered"])
    assert await credits(phone) == 0


async def test_a_receipt_that_comes_before_the_answer_is_recorded_comes_again(world: MessageWorld) -> None:
    firm, phone = await agreed_firm(world, PROGRESS)
    await tell_done(world, firm)
    await lease_due(Channel.MINI_PROGRAM, 10)

    assert not await settle_receipt(Channel.MINI_PROGRAM, told_of(phone, "m1"))


async def test_a_receipt_of_failure_opens_the_sms(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, PROGRESS)
    outside.mini_program.with_receipts = False
    await tell_done(world, firm)
    await outside.deliver_all()

    await settle_receipt(Channel.MINI_PROGRAM, replace(told_of(phone, "m1"), outcome=NO_CREDIT))
    await outside.deliver_all()

    assert len(outside.sms.to(contact_of(firm))) == 1


async def test_a_receipt_that_says_no_credit_takes_what_the_acceptance_left(
    world: MessageWorld, outside: Outside
) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, PROGRESS, PROGRESS)
    await tell_done(world, firm)
    await outside.deliver_all()
    accepted = await credits(phone)

    await settle_receipt(
        Channel.MINI_PROGRAM, replace(arrived((await only_delivery(firm)).provider_id), outcome=NO_CREDIT)
    )

    assert (accepted, await credits(phone)) == (2, 0)


async def test_no_credit_at_wechat_empties_ours_and_opens_the_sms(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, PROGRESS)
    outside.mini_program.plan = {phone: [NO_CREDIT]}

    await tell_done(world, firm)
    await outside.deliver_all()
    await tell_done(world, firm)
    await outside.deliver_all()

    assert await credits(phone) == 0
    assert len(outside.mini_program.to(phone)) == 1
    assert len(outside.sms.to(contact_of(firm))) == 2


async def test_the_sms_waits_for_the_last_wechat_of_either_kind(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, PROGRESS)
    await world.binding(firm)
    outside.mini_program.plan = {phone: [NO_CREDIT]}

    await tell_done(world, firm)
    await outside.deliver_all()
    before = outside.sms.to(contact_of(firm))
    wechat = await only_delivery(firm, channel=Channel.WECHAT)
    await settle_receipt(Channel.WECHAT, lost(wechat.provider_id))
    await outside.deliver_all()

    assert before == []
    assert len(outside.sms.to(contact_of(firm))) == 1


async def test_both_kinds_failing_at_once_write_one_sms(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, PROGRESS)
    follower = await world.binding(firm)
    outside.mini_program.plan, outside.wechat.plan = {phone: [NO_CREDIT]}, {follower: [Failed("47003", "内容不符")]}

    await tell_done(world, firm)
    await outside.deliver_all()

    assert await states_of(firm, channel=Channel.SMS) == ["delivered"]


async def test_what_may_have_arrived_is_never_sent_again_and_opens_no_sms(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    """subscribe/send knows no message id of ours."""
    firm, phone = await agreed_firm(world, PROGRESS)
    outside.mini_program.plan = {phone: [InDoubt("没有回答", repeatable=False)]}
    await tell_done(world, firm)

    for hours in (0, 0.01, 0.1, 1, 23.9):
        later(hours=hours)
        await outside.deliver_all()
    waiting = await only_delivery(firm)
    later(hours=24.1)
    await outside.deliver_all()

    ended = await only_delivery(firm)
    assert len(outside.mini_program.to(phone)) == 1
    assert waiting.state is DeliveryState.IN_DOUBT
    assert (ended.state, ended.reason[:4]) == (DeliveryState.FAILED, "结果未知")


async def test_a_worker_that_died_while_sending_leaves_a_doubt_and_no_second_message(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, phone = await agreed_firm(world, PROGRESS)
    await tell_done(world, firm)
    await lease_due(Channel.MINI_PROGRAM, 10)

    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()

    assert outside.mini_program.to(phone) == []
    assert await states_of(firm) == ["in_doubt"]


async def test_a_receipt_that_names_the_delivery_settles_a_doubt_and_spends_the_credit(
    world: MessageWorld, outside: Outside
) -> None:
    firm, phone = await agreed_firm(world, PROGRESS)
    outside.mini_program.plan = {phone: [InDoubt("没有回答", repeatable=False)]}
    await tell_done(world, firm)
    await outside.deliver_all()
    doubted = await only_delivery(firm)

    settled = await settle_receipt(Channel.MINI_PROGRAM, Receipt("9001", arrived("9001").outcome, doubted.id))

    assert settled
    assert (await states_of(firm), await credits(phone)) == (["delivered"], 0)


async def test_a_receipt_of_nobody_s_message_is_asked_again(world: MessageWorld, outside: Outside) -> None:
    firm, _ = await agreed_firm(world, PROGRESS)
    await tell_done(world, firm)
    await outside.deliver_all()
    number = (await only_delivery(firm)).provider_id

    assert not await settle_receipt(Channel.MINI_PROGRAM, arrived("unheard-of"))
    assert not await settle_receipt(Channel.WECHAT, arrived(number))  # numbers of one app mean nothing in another


async def test_a_receipt_that_comes_ten_times_at_once_spends_one_credit(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, PROGRESS)
    await tell_done(world, firm)
    await outside.deliver_all()
    receipt = arrived((await only_delivery(firm)).provider_id)

    await asyncio.gather(*(settle_receipt(Channel.MINI_PROGRAM, receipt) for _ in range(10)))

    assert await credits(phone) == 1


async def test_a_busy_wechat_is_tried_again_and_then_counted_once(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, PROGRESS)
    outside.mini_program.plan = {phone: [TryLater(2, "43108", "同一用户的消息发送过快"), Sent("m1")]}

    await tell_done(world, firm)
    await outside.deliver_all()
    later(seconds=3)
    await outside.deliver_all()

    assert (len(outside.mini_program.to(phone)), await credits(phone)) == (2, 1)


async def test_a_stale_openid_is_not_tried_again(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, PROGRESS)
    outside.mini_program.plan = {phone: [Refused("40003", "openid 无效")]}

    await tell_done(world, firm)
    await outside.deliver_all()
    await tell_done(world, firm)

    assert (await WechatBinding.get(openid=phone)).reachable is False
    assert len(await deliveries_of(firm, channel=Channel.MINI_PROGRAM)) == 1


async def test_a_retry_by_staff_spends_a_credit_of_its_own(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, PROGRESS, PROGRESS)
    await tell_done(world, firm)
    await outside.deliver_all()
    sent = await only_delivery(firm)
    await settle_receipt(Channel.MINI_PROGRAM, lost(sent.provider_id))

    await retry_delivery(sent.id, ADMIN)
    await outside.deliver_all()

    assert (await Delivery.get(id=sent.id)).state is DeliveryState.SENT
    assert await credits(phone) == 1


async def test_a_retry_of_an_unknown_outcome_that_fails_opens_the_sms(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, phone = await agreed_firm(world, PROGRESS)
    outside.mini_program.plan = {phone: [InDoubt("没有回答", repeatable=False), NO_CREDIT]}
    await tell_done(world, firm)
    await outside.deliver_all()
    later(hours=24.1)
    await outside.deliver_all()
    given_up = outside.sms.to(contact_of(firm))

    await retry_delivery((await only_delivery(firm)).id, ADMIN)
    await outside.deliver_all()

    assert given_up == []
    assert len(outside.sms.to(contact_of(firm))) == 1


async def test_one_event_writes_one_delivery_a_person_and_channel(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, PROGRESS)
    follower = await world.binding(firm)
    application = await world.application(firm)

    for _ in range(3):
        await announce(ApplicationEvent("done", application, f"history:{application.id}"))
    await outside.deliver_all()

    assert (len(outside.mini_program.to(phone)), len(outside.wechat.to(follower))) == (1, 1)


async def test_a_code_costs_no_consent(world: MessageWorld, outside: Outside) -> None:
    firm, phone = await agreed_firm(world, PROGRESS, VISIT)

    await send_code(firm, "493817", "reset", minutes=5)
    await outside.deliver_all()

    assert outside.mini_program.to(phone) == []
    assert len(outside.sms.to(contact_of(firm))) == 1
