"""Sending as staff steer it over HTTP: a message and whom it reached, pauses, alerts, digests."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from console_api.routes.sending import (
    list_alerts,
    list_digests,
    list_messages,
    list_pauses,
    pause,
    reach,
    resolve,
    resume,
)
from console_api.schemas.sending import AlertQuery, PauseRequest, SentMessageQuery
from models.messages import Alert, DeliveryDigest, SendingPause
from server import clock
from server.http.schemas import PageQuery
from server.messages.channels import Refused
from server.messages.inbox import open_message
from tests.console_api.routes.test_deliveries import admin
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, Outside, bound_firm, tell_done


@pytest.fixture
async def world(database: Engine) -> AsyncIterator[MessageWorld]:
    """A pause holds for everybody, so none is left behind."""
    yield MessageWorld()
    await SendingPause.all().delete()
    await Alert.all().delete()


async def test_staff_see_whom_a_message_reached(world: MessageWorld) -> None:
    outside = Outside()
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [Refused("43004", "用户未关注服务号")]}
    await tell_done(world, firm)
    await outside.deliver_all()

    (line,) = (await list_messages(admin(), SentMessageQuery(account_number=firm.number))).items
    await open_message(firm.id, line.id)
    found = await reach(admin(), line.id)

    assert (line.account_number, line.status, found.message.status) == (firm.number, "未读", "已读")
    assert [(row.channel, row.state_label, row.reason) for row in found.deliveries] == [
        ("wechat", "对方无法接收", "用户未关注服务号"),
        ("sms", "已送达", ""),
    ]
    assert openid not in found.model_dump_json()


async def test_staff_pause_see_what_waits_and_resume(world: MessageWorld) -> None:
    firm, _ = await bound_firm(world)
    before = (await list_pauses(admin())).items
    made = await pause(admin(), PauseRequest(scope="channel:wechat", reason="微信正在维护"))
    await tell_done(world, firm)

    (line,) = (await list_pauses(admin())).items
    await resume(admin(), made.id)

    assert (before, (await list_pauses(admin())).items) == ([], [])
    assert (line.label, line.reason, line.by, line.held >= 1) == (
        "渠道 微信服务号",
        "微信正在维护",
        "admin (系统管理员)",
        True,
    )


async def test_an_alert_is_read_and_resolved(world: MessageWorld) -> None:
    await pause(admin(), PauseRequest(scope="channel:sms", reason="余额不足"))

    (line,) = (await list_alerts(admin(), AlertQuery(resolved=False))).items
    resolved = await resolve(admin(), line.id)

    assert (line.kind, line.text, line.times) == ("channel_stopped", "渠道 短信 已暂停发送：余额不足", 1)
    assert resolved.resolved_by == "admin (系统管理员)"
    assert (await list_alerts(admin(), AlertQuery(resolved=False))).items == []


async def test_a_digest_says_how_many_of_what(world: MessageWorld) -> None:
    body = '[{"channel": "sms", "event": "done", "code": "empty", "reason": "空号", "count": 3}]'
    on = date(2030, 1, 1)
    await DeliveryDigest.filter(on_date=on).delete()
    await DeliveryDigest.create(created_at=clock.now(), on_date=on, body=body)

    latest = (await list_digests(admin(), PageQuery(limit=1))).items[0]

    assert (latest.on, latest.total, latest.lines[0].reason) == (on, 3, "空号")
