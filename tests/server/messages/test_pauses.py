"""Pauses: by staff or by a fault, with one alert; what they hold waits, goes another way in time, or goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from models.accounts import Account
from models.audit import AuditEntry
from models.messages import Alert, Channel, Delivery, DeliveryState, SendingPause
from server.messages.announce import notify_account
from server.messages.channels import Failed, InDoubt, Receipt, TryLater
from server.messages.consequences import follow
from server.messages.held import give_up_held
from server.messages.ledger import Search, list_deliveries, retry_delivery
from server.messages.outcomes import settle_receipt
from server.messages.pauses import (
    AlreadyPaused,
    PauseNotFound,
    UnknownScope,
    count_held,
    held_scopes,
    label_of,
    resume,
)
from server.messages.scopes import known_scopes, pause_scope
from tests.engines.engine import Engine
from tests.fakes_messages import (
    MessageWorld,
    Outside,
    bound_firm,
    contact_of,
    deliveries_of,
    only_delivery,
    states_of,
    tell_done,
)
from tests.server.messages.test_ledger import ADMIN

WECHAT = "channel:wechat"
MARKETING = Failed("40249", "内容含营销信息", pauses="template:progress")
NO_PERMISSION = Failed("48001", "没有接口权限", pauses=WECHAT)

Later = Callable[..., None]


@pytest.fixture
async def world(engine: Engine) -> AsyncIterator[MessageWorld]:
    """A pause holds for everybody, so no test leaves one behind."""
    await _lift_all()
    yield MessageWorld()
    await _lift_all()


async def _lift_all() -> None:
    await SendingPause.all().delete()
    await Alert.all().delete()
    unfinished = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.IN_DOUBT)
    await Delivery.filter(state__in=unfinished).update(state=DeliveryState.SUPERSEDED)


async def test_what_is_paused_waits_and_goes_on_when_it_is_resumed(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    await pause_scope(WECHAT, "微信正在维护", ADMIN)
    await tell_done(world, firm)

    await outside.deliver_all()
    held = (await states_of(firm), await count_held(WECHAT), outside.wechat.to(openid))
    await resume(WECHAT, ADMIN)
    await outside.deliver_all()

    assert held == (["pending"], 1, [])
    assert await states_of(firm) == ["sent"]
    assert outside.sms.to(contact_of(firm)) == []


async def test_other_channels_and_templates_go_on(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    phone = await world.phone(firm, "SUBSCRIBE-PROGRESS")
    follower = await world.binding(firm)
    await pause_scope("template:progress", "模板正在修改", ADMIN)

    await tell_done(world, firm)
    await outside.deliver_all()

    assert outside.wechat.to(follower) == []
    assert len(outside.mini_program.to(phone)) == 1  # of the mini program's own template


async def test_who_paused_and_resumed_is_on_record(world: MessageWorld) -> None:
    before = await AuditEntry.filter(object_id="channel:sms").count()
    made = await pause_scope("channel:sms", "余额不足", ADMIN)
    await resume("channel:sms", ADMIN)

    trail = await AuditEntry.filter(object_id="channel:sms").order_by("-id").limit(2)
    assert (made.by, made.reason) == (ADMIN.name, "余额不足")
    assert [(row.action, row.actor_name) for row in trail] == [
        ("resume_sending", ADMIN.name),
        ("pause_sending", ADMIN.name),
    ]
    assert await AuditEntry.filter(object_id="channel:sms").count() == before + 2


async def test_pausing_twice_and_resuming_what_runs_are_refused(world: MessageWorld) -> None:
    await pause_scope(WECHAT, "微信正在维护", ADMIN)

    with pytest.raises(AlreadyPaused):
        await pause_scope(WECHAT, "微信正在维护", ADMIN)
    with pytest.raises(PauseNotFound):
        await resume("channel:sms", ADMIN)
    with pytest.raises(UnknownScope) as unknown:
        await pause_scope("template:nothing", "试试", ADMIN)
    assert unknown.value.field == "scope"


def test_every_channel_and_every_template_can_be_paused() -> None:
    wanted = {"channel:wechat", "channel:mini_program", "channel:sms", "template:progress", "template:notice"}
    wanted |= {"template:mini_program.visit", "template:booked.person.1"}

    assert wanted <= set(known_scopes())


@pytest.mark.parametrize(
    ("scope", "label"),
    [
        ("channel:mini_program", "渠道 微信小程序"),
        ("template:progress", "服务号模板 业务办理进度提醒"),
        ("template:mini_program.visit", "小程序模板 现场办理预约提醒"),
        ("template:booked.person.1", "短信模板 booked.person.1"),
    ],
)
def test_a_scope_is_named_for_people(scope: str, label: str) -> None:
    assert label_of(scope) == label


async def test_a_template_that_is_banned_is_held_for_all_and_alerts_once(world: MessageWorld, outside: Outside) -> None:
    first, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [MARKETING]}
    await tell_done(world, first)
    await outside.deliver_all()
    second, other = await bound_firm(world)
    await tell_done(world, second)
    await outside.deliver_all()

    (alert,) = await Alert.all()
    pause = await SendingPause.get()
    assert await states_of(first, channel=Channel.WECHAT) == ["failed"]
    assert len(outside.sms.to(contact_of(first))) == 1
    assert (outside.wechat.to(other), await states_of(second)) == ([], ["pending"])
    assert (pause.scope, pause.code, pause.by) == ("template:progress", "40249", "系统")
    assert (alert.kind, alert.times, alert.text) == (
        "template_paused",
        1,
        "服务号模板 业务办理进度提醒 已暂停发送：内容含营销信息",
    )


async def test_a_ban_of_the_mini_program_s_template_leaves_the_service_account_alone(
    world: MessageWorld, outside: Outside
) -> None:
    firm = await world.firm()
    phone = await world.phone(firm, "SUBSCRIBE-PROGRESS")
    outside.mini_program.plan = {phone: [Failed("43107", "订阅消息能力被封禁", pauses="template:progress")]}

    await tell_done(world, firm)
    await outside.deliver_all()

    assert await held_scopes() == {"template:mini_program.progress"}


async def test_many_that_meet_the_same_fault_at_once_make_one_pause_and_one_alert(
    world: MessageWorld, outside: Outside
) -> None:
    firms = [await bound_firm(world) for _ in range(6)]
    outside.wechat.plan = {openid: [NO_PERMISSION] for _, openid in firms}
    for firm, _ in firms:
        await tell_done(world, firm)

    await outside.deliver_all()

    (alert,) = await Alert.all()
    assert await held_scopes() == {WECHAT}
    assert (alert.kind, alert.subject, alert.times) == ("channel_stopped", WECHAT, 6)
    assert [await states_of(firm, channel=Channel.SMS) for firm, _ in firms] == [["delivered"]] * 6


async def test_a_token_that_stays_bad_try_after_try_is_an_alert_and_goes_by_sms(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [TryLater(60, "40001", "微信接口凭证失效；请检查 AppSecret 是否被重置")]}
    await tell_done(world, firm)

    await outside.deliver_over(later, 0, 3, 6, 9)
    before = await Alert.all().count()
    await outside.deliver_over(later, 20)

    (alert,) = await Alert.all()
    assert (before, alert.kind, alert.subject) == (0, "token_refused", "token:wechat")
    assert alert.text == "渠道 微信服务号：已尝试5次：微信接口凭证失效；请检查 AppSecret 是否被重置"
    assert await states_of(firm, channel=Channel.SMS) == ["delivered"]


async def test_the_alert_ends_with_the_pause(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [NO_PERMISSION]}
    await tell_done(world, firm)
    await outside.deliver_all()

    await resume(WECHAT, ADMIN)

    (alert,) = await Alert.all()
    assert (alert.open_subject, alert.resolved_by) == (None, ADMIN.name)


async def test_after_half_an_hour_the_sms_goes_instead(world: MessageWorld, outside: Outside, later: Later) -> None:
    firm, openid = await bound_firm(world)
    await pause_scope(WECHAT, "微信正在维护", ADMIN)
    await tell_done(world, firm)

    later(minutes=29)
    early = await give_up_held()
    later(minutes=31)
    given_up = await give_up_held()
    await outside.deliver_all()

    failed = await only_delivery(firm, channel=Channel.WECHAT)
    assert (early, given_up) == (0, 1)
    assert (failed.state, failed.error_code) == (DeliveryState.FAILED, "paused")
    assert (outside.wechat.to(openid), len(outside.sms.to(contact_of(firm)))) == ([], 1)


async def test_what_comes_during_a_long_pause_is_held_for_half_an_hour_of_its_own(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, _ = await bound_firm(world)
    await pause_scope(WECHAT, "微信正在维护", ADMIN)
    later(hours=3)
    await tell_done(world, firm)

    at_once = await give_up_held()
    later(hours=3, minutes=31)

    assert (at_once, await give_up_held()) == (0, 1)


async def test_two_workers_that_give_up_at_once_open_one_sms(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, _ = await bound_firm(world)
    await world.binding(firm)
    await pause_scope(WECHAT, "微信正在维护", ADMIN)
    await tell_done(world, firm)
    later(minutes=31)

    counts = await asyncio.gather(give_up_held(), give_up_held())

    assert sum(counts) == 2
    assert await states_of(firm, channel=Channel.SMS) == ["pending"]


async def test_a_held_sms_waits_a_day_because_nothing_comes_after_it(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm = await world.firm()
    await pause_scope("channel:sms", "余额不足", ADMIN)
    await tell_done(world, firm)

    later(hours=23)
    early = await give_up_held()
    later(hours=25)

    assert (early, await give_up_held()) == (0, 1)
    assert await states_of(firm) == ["failed"]


async def test_what_has_no_sms_waits_a_day_too(world: MessageWorld, later: Later) -> None:
    firm, _ = await bound_firm(world)
    await pause_scope(WECHAT, "微信正在维护", ADMIN)
    await notify_account(firm.id, "password_changed", f"password_changed:{firm.id}", {})

    later(hours=23)
    early = await give_up_held()
    later(hours=25)

    assert (early, await give_up_held()) == (0, 1)


async def in_doubt_and_paused(world: MessageWorld, outside: Outside, scope: str) -> Account:
    """A firm whose one WeChat message was called and not answered, before staff paused that scope."""
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [InDoubt("没有回答")]}
    await tell_done(world, firm)
    await outside.deliver_all()
    await pause_scope(scope, "微信正在维护", ADMIN)
    return firm


async def test_a_doubt_waits_for_its_receipt_during_a_pause(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm = await in_doubt_and_paused(world, outside, WECHAT)

    later(hours=1)

    assert await give_up_held() == 0
    assert await states_of(firm) == ["in_doubt"]


async def test_what_was_superseded_during_a_pause_stays_so(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    await pause_scope(WECHAT, "微信正在维护", ADMIN)
    application = await world.application(firm)
    appointment = await world.booked(firm, application)
    await world.announce("cancelled", await world.step(appointment), application)

    await resume(WECHAT, ADMIN)
    await outside.deliver_all()

    assert [call.fields["phrase3"] for call in outside.wechat.to(openid)] == ["预约取消"]
    assert await states_of(firm, event="booked", channel=Channel.WECHAT) == ["superseded"]


async def test_a_receipt_can_name_a_fault_too(world: MessageWorld, outside: Outside) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    await outside.deliver_all()
    number = str((await only_delivery(firm)).provider_id)

    await settle_receipt(Channel.WECHAT, Receipt(number, NO_PERMISSION))

    assert await held_scopes() == {WECHAT}


async def test_the_ledger_says_what_is_held_and_what_to_do(world: MessageWorld, later: Later) -> None:
    firm, _ = await bound_firm(world)
    await pause_scope(WECHAT, "微信正在维护", ADMIN)
    await tell_done(world, firm)

    ((entry,), _) = await list_deliveries(Search(account_number=firm.number))

    assert (entry.held, entry.state_label) == (True, "已暂停，待恢复")
    assert entry.advice.startswith("所用的渠道或模板已暂停发送")


async def test_staff_send_again_what_was_given_up(world: MessageWorld, outside: Outside, later: Later) -> None:
    firm, openid = await bound_firm(world)
    await pause_scope(WECHAT, "微信正在维护", ADMIN)
    await tell_done(world, firm)
    later(minutes=31)
    await give_up_held()
    await resume(WECHAT, ADMIN)

    await retry_delivery((await only_delivery(firm, channel=Channel.WECHAT)).id, ADMIN)
    await outside.deliver_all()

    assert len(outside.wechat.to(openid)) == 1
    assert len(await deliveries_of(firm)) == 2


async def test_a_fault_of_ours_in_giving_up_one_holds_up_no_other(
    world: MessageWorld, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (await bound_firm(world))[0], (await bound_firm(world))[0]
    await pause_scope(WECHAT, "微信正在维护", ADMIN)
    for firm in (first, second):
        await tell_done(world, firm)
    faulty = (await only_delivery(first)).id

    async def broken_for_one(delivery: Delivery, *rest: Any) -> None:
        if delivery.id == faulty:
            raise ZeroDivisionError
        await follow(delivery, *rest)

    monkeypatch.setattr("server.messages.outcomes.follow", broken_for_one)
    later(minutes=31)

    assert await give_up_held() == 1
    assert [await states_of(firm, channel=Channel.WECHAT) for firm in (first, second)] == [["pending"], ["failed"]]


@pytest.mark.parametrize("scope", [WECHAT, "template:progress"])
async def test_a_doubt_ends_after_its_day_though_the_pause_goes_on(
    world: MessageWorld, outside: Outside, later: Later, scope: str
) -> None:
    firm = await in_doubt_and_paused(world, outside, scope)

    later(hours=23.9)
    await give_up_held()
    early = await states_of(firm)
    later(hours=24.1)
    await give_up_held()

    failed = await only_delivery(firm)
    assert early == ["in_doubt"]
    assert (failed.state, failed.error_code, failed.reason[:4]) == (DeliveryState.FAILED, "unknown", "结果未知")
