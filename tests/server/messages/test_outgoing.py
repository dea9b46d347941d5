"""What a provider is given, and what is settled without calling one."""

import hashlib
from datetime import timedelta

import pytest

from models.accounts import WechatBinding
from models.appointments import Appointment
from models.messages import Alert, Channel, Delivery, DeliveryState, Message
from server import clock
from server.messages.channels import Outgoing
from server.messages.outcomes import GIVE_UP_AFTER
from server.messages.undone import MOVED_ON
from tests.engines.engine import Engine
from tests.fakes_messages import (
    MessageWorld,
    Outside,
    bound_firm,
    contact_of,
    mobile_of,
    only_delivery,
    tell_done,
)


@pytest.fixture(autouse=True)
async def nothing_else_is_due(database: Engine) -> None:
    await Delivery.all().delete()


async def test_wechat_is_given_the_template_its_fields_and_its_page(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)

    await outside.deliver_all()

    row, (given,) = await only_delivery(firm), outside.wechat.to(openid)
    assert given == Outgoing(
        delivery_id=row.id,
        address=openid,
        text="；".join(given.fields.values()),
        template="progress",
        fields=given.fields,
        url=given.url,
        client_msg_id=hashlib.sha256(str(row.id).encode()).hexdigest()[:32],
    )
    assert given.fields["phrase3"] == "办理完成"


async def test_a_retry_by_staff_has_a_name_of_its_own(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    row = await only_delivery(firm)
    await Delivery.filter(id=row.id).update(retries=2)

    await outside.deliver_all()

    (given,) = outside.wechat.to(openid)
    assert given.client_msg_id == hashlib.sha256(f"{row.id}:2".encode()).hexdigest()[:32]


async def test_an_sms_is_given_its_text_and_the_blanks_of_its_template(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    application = await world.application(firm)
    await world.booked(firm, application)

    await outside.deliver_all()

    (given,) = outside.sms.to(mobile_of(application))
    assert given.text.startswith("张三您好")
    assert (given.template, given.params[0], given.fields, given.url) == ("booked.person.1", "张三", {}, "")


async def test_a_subscribe_message_opens_its_page(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    row = await only_delivery(firm)
    await Delivery.filter(id=row.id).update(channel=Channel.MINI_PROGRAM)

    await outside.deliver_all()

    assert outside.wechat.calls == []
    assert [call.address for call in outside.mini_program.calls] == [openid]


async def test_whoever_unbound_wechat_gets_the_sms_instead(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    await WechatBinding.filter(openid=openid).delete()

    await outside.deliver_all()

    row = await only_delivery(firm, channel=Channel.WECHAT)
    assert outside.wechat.calls == []
    assert (row.state, row.error_code, row.reason) == (DeliveryState.REFUSED, "no_address", "微信已解除绑定")
    assert [call.address for call in outside.sms.calls] == [contact_of(firm)]


async def test_what_cannot_be_unsealed_has_failed_and_says_what_to_look_at(
    world: MessageWorld, outside: Outside
) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    row = await only_delivery(firm)
    await Delivery.filter(id=row.id).update(payload="k9.AAAA")

    await outside.deliver_all()

    row = await only_delivery(firm, channel=Channel.WECHAT)
    assert outside.wechat.calls == []
    assert (row.state, row.error_code) == (DeliveryState.FAILED, "unreadable")
    assert row.reason == "内容无法解密，请检查密钥配置"


async def booked_on_wechat(world: MessageWorld) -> tuple[Appointment, Delivery]:
    firm, _ = await bound_firm(world)
    appointment = await world.booked(firm, await world.application(firm))
    return appointment, await only_delivery(firm, channel=Channel.WECHAT)


async def test_what_is_not_promised_any_more_says_why(world: MessageWorld, outside: Outside) -> None:
    appointment, row = await booked_on_wechat(world)
    await world.step(appointment)
    before = clock.now()

    await outside.deliver_all()

    row = await Delivery.get(id=row.id)
    assert outside.wechat.calls == []
    assert (row.state, row.reason) == (DeliveryState.SUPERSEDED, MOVED_ON)
    assert row.ended_at is not None
    assert before <= row.ended_at <= clock.now()


async def test_what_is_not_promised_any_more_and_may_have_arrived_waits_for_its_receipt(
    world: MessageWorld, outside: Outside
) -> None:
    appointment, row = await booked_on_wechat(world)
    first = clock.now() - timedelta(minutes=1)
    await Delivery.filter(id=row.id).update(state=DeliveryState.IN_DOUBT, first_attempt_at=first)
    await world.step(appointment)

    await outside.deliver_all()

    row = await Delivery.get(id=row.id)
    assert outside.wechat.calls == []
    assert (row.state, row.next_at) == (DeliveryState.IN_DOUBT, first + GIVE_UP_AFTER)


async def test_an_sms_to_come_that_cannot_be_unsealed_ends_the_wechat_and_tells_staff(
    world: MessageWorld, outside: Outside
) -> None:
    await Alert.all().delete()
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    await WechatBinding.filter(openid=openid).delete()
    await Message.filter(account_id=firm.id).update(sms_fallback="k9.AAAA")
    other, reached = await bound_firm(world)
    await tell_done(world, other)

    await outside.deliver_all()

    row, alert = await only_delivery(firm), await Alert.get()
    assert (row.state, row.error_code) == (DeliveryState.REFUSED, "no_address")
    assert (alert.kind, "内容无法解密，请检查密钥配置" in alert.text) == ("unreadable", True)
    assert (outside.sms.calls, len(outside.wechat.to(reached))) == ([], 1)


async def test_a_fault_of_ours_in_settling_one_holds_up_no_other(
    world: MessageWorld, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    await WechatBinding.filter(openid=openid).delete()
    other, reached = await bound_firm(world)
    await tell_done(world, other)
    monkeypatch.setattr("server.messages.outcomes.follow", broken)

    await outside.deliver_all()

    assert (await only_delivery(firm)).state is DeliveryState.PENDING
    assert len(outside.wechat.to(reached)) == 1


async def broken(*_: object) -> None:
    raise ZeroDivisionError
