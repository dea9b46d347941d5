"""The ledger of staff: who was sent what, masked, and sending again with a trace."""

from uuid import uuid4

import pytest

from models.accounts import Account
from models.audit import AuditEntry
from models.messages import Channel, DeliveryState
from server.audit.trail import Actor
from server.messages.announce import announce, send_code
from server.messages.channels import Refused, Sent
from server.messages.entries import Entry
from server.messages.events import ApplicationEvent, EventName
from server.messages.ledger import DeliveryNotFound, NotRetryable, Search, list_deliveries, retry_delivery
from tests.fakes_messages import MessageWorld, Outside, contact_of, only_delivery, states_of

ADMIN = Actor(uuid4(), "admin (系统管理员)")


async def entries_of(account: Account, **wanted: object) -> list[Entry]:
    found, _ = await list_deliveries(Search(account_number=account.number, limit=100, **wanted))  # type: ignore[arg-type]
    return found


async def refused_wechat(world: MessageWorld, outside: Outside) -> tuple[Account, str]:
    firm = await world.firm()
    openid = await world.binding(firm)
    outside.wechat.plan[openid] = [Refused("43101", "用户已拒收此类消息"), Sent("second")]
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))
    await outside.deliver_all()
    return firm, openid


async def test_recipients_are_described_and_masked(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm(mobile="13811115678")
    openid = await world.binding(firm)
    await world.booked(firm, await world.application(firm, "张三", mobile="13900001234"))
    await send_code(firm, "493817", "reset", minutes=5)

    seen = {entry.recipient for entry in await entries_of(firm)}

    masked = f"微信 {openid[:4]}{'*' * (len(openid) - 8)}{openid[-4:]}"
    assert seen == {masked, "注师本人 张三 139****1234", "联系人 张成 138****5678"}


async def test_the_text_is_shown_but_never_a_code(world: MessageWorld) -> None:
    firm = await world.firm()
    await world.booked(firm, await world.application(firm))
    await send_code(firm, "493817", "reset", minutes=5)

    shown = [entry.text for entry in await entries_of(firm)]

    assert "（验证码，不显示）" in shown
    assert any(text.startswith("张三您好，") for text in shown)
    assert not any("493817" in text for text in shown)


async def test_what_failed_says_why_and_what_to_do(world: MessageWorld, outside: Outside) -> None:
    firm, _ = await refused_wechat(world, outside)

    (entry,) = await entries_of(firm, state=DeliveryState.REFUSED)

    assert (entry.state_label, entry.delivery.reason) == ("对方无法接收", "用户已拒收此类消息")
    assert entry.advice.startswith("请联系用户处理后重试")
    assert entry.can_retry


async def test_filters_narrow_and_pages_join(world: MessageWorld) -> None:
    firm = await world.firm()
    zhang, li = await world.application(firm, "张三"), await world.application(firm, "李四")
    await world.booked(firm, zhang)
    cancelled = await world.booked(firm, li)
    await world.announce("cancelled", await world.step(cancelled), li)

    first, cursor = await list_deliveries(Search(account_number=firm.number, limit=4))
    rest, end = await list_deliveries(Search(account_number=firm.number, limit=4, cursor=cursor))

    assert len({entry.delivery.id for entry in first + rest}) == 6
    assert end is None
    assert len(await entries_of(firm, event=EventName.CANCELLED)) == 2
    assert len(await entries_of(firm, channel=Channel.WECHAT)) == 0
    assert len(await entries_of(firm, occurrence=f"{cancelled.id}:1:cancelled")) == 2


async def test_retry_sends_again_and_leaves_a_trace(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await refused_wechat(world, outside)
    refused = await only_delivery(firm, channel=Channel.WECHAT)

    entry = await retry_delivery(refused.id, ADMIN)
    await outside.deliver_all()

    trace = await AuditEntry.get(object_id=str(refused.id))
    assert entry.delivery.state is DeliveryState.PENDING
    assert (trace.action, trace.actor_name) == ("retry_delivery", "admin (系统管理员)")
    assert len(outside.wechat.to(openid)) == 2
    assert len({call.client_msg_id for call in outside.wechat.to(openid)}) == 2  # else WeChat would show neither
    assert await states_of(firm, channel=Channel.WECHAT) == ["sent"]


async def test_a_retry_that_fails_again_writes_no_second_sms(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await refused_wechat(world, outside)
    outside.wechat.plan[openid] = [Refused("43101", "用户已拒收此类消息")]

    await retry_delivery((await only_delivery(firm, channel=Channel.WECHAT)).id, ADMIN)
    await outside.deliver_all()

    assert await states_of(firm, channel=Channel.WECHAT) == ["refused"]
    assert len(outside.sms.to(contact_of(firm))) == 1


async def test_what_was_sent_or_is_a_code_is_not_sent_again(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    await world.booked(firm, await world.application(firm))
    await send_code(firm, "493817", "reset", minutes=5)
    outside.sms.plan[contact_of(firm)] = [Refused("empty", "空号")]
    await outside.deliver_all()

    for entry in [e for e in await entries_of(firm) if not e.can_retry]:
        with pytest.raises(NotRetryable):
            await retry_delivery(entry.delivery.id, ADMIN)

    assert [e.delivery.event for e in await entries_of(firm) if e.can_retry] == ["booked"]


async def test_an_unknown_delivery_is_not_found(world: MessageWorld) -> None:
    with pytest.raises(DeliveryNotFound):
        await retry_delivery(uuid4(), ADMIN)
