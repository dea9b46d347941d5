"""Who hears of what: the message, the first deliveries, and what a later event takes back."""

import json

from models.messages import Channel, Delivery, Message
from server import clock, crypto
from server.messages.announce import announce, notify_account, send_code
from server.messages.channels import Refused
from server.messages.events import ApplicationEvent
from server.messages.outbox import text_of
from server.messages.rows import fallback_of
from server.transactions import in_transaction
from tests.fakes_messages import (
    MessageWorld,
    Outside,
    contact_of,
    deliveries_of,
    messages_of,
    mobile_of,
    new_mobile,
    only_delivery,
    states_of,
)


def recipients(deliveries: list[Delivery]) -> list[tuple[str, str]]:
    return [(str(d.channel), d.recipient.partition(":")[0]) for d in deliveries]


async def test_a_booking_is_one_message_and_one_sms_a_person(world: MessageWorld) -> None:
    firm = await world.firm()
    zhang, li = await world.application(firm, "张三"), await world.application(firm, "李四")

    await world.booked(firm, zhang, li)

    assert await messages_of(firm) == [
        "【进度提醒】您提交的注册会计师[张三等2人][注册申请]业务申请已预约成功，"
        "预约时间为[2025-06-13 星期五 10:00]，请按时到场办理。"
    ]
    sms = await deliveries_of(firm, recipient__startswith="person:")
    assert sorted(text_of(d).partition("您好")[0] for d in sms) == ["张三", "李四"]
    assert all("请您本人携带(1份注册会计师注册申请表)按时前往北京注协会员服务部602办理" in text_of(d) for d in sms)


async def test_the_contact_gets_an_sms_when_no_wechat_is_bound(world: MessageWorld) -> None:
    firm = await world.firm()
    application = await world.application(firm)

    await announce(ApplicationEvent("done", application, f"history:{application.id}"))

    assert recipients(await deliveries_of(firm)) == [("sms", "account")]


async def test_each_binding_that_can_receive_gets_wechat_and_the_contact_no_sms(world: MessageWorld) -> None:
    firm = await world.firm()
    await world.binding(firm)
    await world.binding(firm)
    await world.binding(firm, reachable=False)
    application = await world.application(firm)

    await announce(ApplicationEvent("done", application, f"history:{application.id}"))

    message = await Message.get(account_id=firm.id)
    assert recipients(await deliveries_of(firm)) == [("wechat", "binding")] * 2
    assert message.wechat_open == 2
    fallback = fallback_of(message)
    assert fallback is not None
    assert fallback.text == message.text


async def test_a_custody_cpa_gets_one_sms_for_a_booking(world: MessageWorld) -> None:
    custody = await world.custody()
    application = await world.application(custody, "陈静", "deregistration")

    await world.booked(custody, application)

    assert recipients(await deliveries_of(custody)) == [("sms", "person")]
    assert "您办理的(协会代管)注册会计师注销（撤销）注册业务" in text_of(await only_delivery(custody))


async def test_a_custody_cpa_with_wechat_gets_both_and_no_second_sms(world: MessageWorld, outside: Outside) -> None:
    custody = await world.custody()
    outside.wechat.plan[await world.binding(custody)] = [Refused("43101", "用户拒收")]
    await world.booked(custody, await world.application(custody, "陈静", "deregistration"))

    await outside.deliver_all()

    assert sorted(recipients(await deliveries_of(custody))) == [("sms", "person"), ("wechat", "binding")]


async def test_two_people_with_one_mobile_both_get_theirs(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    mobile = new_mobile()
    zhang = await world.application(firm, "张三", mobile=mobile)
    li = await world.application(firm, "李四", mobile=mobile)

    await world.booked(firm, zhang, li)
    await outside.deliver_all()

    assert sorted(call.text[:2] for call in outside.sms.to(mobile)) == ["张三", "李四"]


async def test_a_second_return_is_told_again_and_the_same_one_only_once(world: MessageWorld) -> None:
    firm = await world.firm()
    application = await world.application(firm)

    for occurrence in ("first", "second", "second"):
        event = ApplicationEvent("rejected", application, f"{application.id}:{occurrence}", {"remark": occurrence})
        async with in_transaction():
            await announce(event)

    reasons = [text.partition("原因：")[2].partition("。")[0] for text in await messages_of(firm)]
    assert sorted(reasons) == ["first", "second"]
    assert len(await deliveries_of(firm)) == 2


async def test_nothing_is_told_of_what_was_rolled_back(world: MessageWorld) -> None:
    firm = await world.firm()
    application = await world.application(firm)

    class ChangedMyMind(Exception):
        pass

    try:
        async with in_transaction():
            await announce(ApplicationEvent("done", application, f"history:{application.id}"))
            raise ChangedMyMind
    except ChangedMyMind:
        pass

    assert await messages_of(firm) == []
    assert await deliveries_of(firm) == []


async def test_cancelling_takes_back_the_unsent_booking(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    application = await world.application(firm)
    appointment = await world.booked(firm, application)

    await world.announce("cancelled", await world.step(appointment), application)
    await outside.deliver_all()

    assert await states_of(firm, event="booked") == ["superseded", "superseded"]
    assert ["已取消" in call.text for call in outside.sms.to(mobile_of(application))] == [True]


async def test_a_second_reschedule_takes_back_the_first(world: MessageWorld) -> None:
    firm = await world.firm()
    application = await world.application(firm)
    appointment = await world.booked(firm, application)

    await world.announce("rescheduled", await world.step(appointment), application)
    await world.announce("rescheduled", await world.step(appointment), application)

    states = await states_of(firm, channel=Channel.SMS, recipient__startswith="person:")
    assert sorted(states) == ["pending", "superseded", "superseded"]


async def test_cancelling_one_appointment_leaves_another_alone(world: MessageWorld) -> None:
    firm = await world.firm()
    zhang, li = await world.application(firm, "张三"), await world.application(firm, "李四")
    cancelled, kept = await world.booked(firm, zhang), await world.booked(firm, li)

    await world.announce("cancelled", await world.step(cancelled), zhang)

    assert await states_of(firm, appointment_id=kept.id) == ["pending", "pending"]


async def test_a_closed_day_tells_the_person_concerned(world: MessageWorld) -> None:
    firm = await world.firm()
    application = await world.application(firm)
    appointment = await world.booked(firm, application)

    await world.announce("day_closed", await world.step(appointment), application)

    sms = await only_delivery(firm, event="day_closed", recipient__startswith="person:")
    assert text_of(sms).startswith("张三您好，因协会当日暂停现场办理，")


async def test_no_mobile_openid_or_text_is_stored_in_clear(world: MessageWorld) -> None:
    firm = await world.firm(mobile="13811112222")
    openid = await world.binding(firm)
    await world.booked(firm, await world.application(firm, mobile="13911112222"))

    rows = [row for d in await deliveries_of(firm) for row in d.__dict__.values() if isinstance(row, str)]

    assert not [row for row in rows if "13811112222" in row or "13911112222" in row or openid in row or "张三" in row]


async def test_a_code_goes_to_mobile_and_wechat_at_once_and_into_no_inbox(
    world: MessageWorld, outside: Outside
) -> None:
    firm = await world.firm()
    openid = await world.binding(firm)

    await send_code(firm, "493817", "reset", minutes=5)
    await outside.deliver_all()

    assert "验证码493817，5分钟内有效" in outside.sms.to(contact_of(firm))[0].text
    assert outside.wechat.to(openid)[0].fields["thing5"] == "验证码493817，5分钟内有效"
    assert await messages_of(firm) == []


async def test_an_account_is_told_of_a_new_binding(world: MessageWorld) -> None:
    firm = await world.firm()

    await notify_account(firm.id, "wechat_bound", f"wechat_bound:{firm.id}", {})

    now = clock.local_now()
    assert f"已于{now.year}年{now.month}月{now.day}日" in (await messages_of(firm))[0]
    payload = json.loads(crypto.unseal((d := await only_delivery(firm)).payload, f"delivery.payload:{d.id}"))
    assert payload["text"] == (await messages_of(firm))[0]
