"""A notice as an editor handles it, and as a firm reads it in its message centre."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from console_api.routes.notices import (
    cancel_notice,
    list_notices,
    preview,
    publish_notice,
    show_notice,
    write_notice,
)
from console_api.schemas.notices import AudienceRequest, NoticeQuery, NoticeRequest
from miniprogram_api.routes.messages import list_messages, open_message
from miniprogram_api.schemas.messages import MessageQuery
from models.accounts import Account
from models.messages import MessageKind
from models.notices import NoticeState
from server.audit.trail import Actor
from server.http.call import Call
from server.notices.campaign import carry_on
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, Outside, bound_firm, tell_done


@pytest.fixture
def world(database: Engine) -> MessageWorld:
    return MessageWorld()


def editor() -> Call:
    return _call(actor=Actor(uuid4(), "editor (通知编辑)"))


def of(account: Account) -> Call:
    return _call(account_id=account.id)


def _call(**caller: Any) -> Call:
    who: Any = SimpleNamespace(**caller)
    nothing: Any = None
    return Call(nothing, nothing, who)


async def written(firm: Account) -> UUID:
    audience = AudienceRequest(numbers=[firm.number])
    body = NoticeRequest(title="关于年检的通知", body="第一段\n第二段", audience=audience)
    return (await write_notice(editor(), body)).id


async def test_from_draft_to_done(world: MessageWorld) -> None:
    firm, openid = await bound_firm(world)
    outside, notice_id = Outside(), await written(firm)

    seen = await preview(editor(), notice_id)
    published = await publish_notice(editor(), notice_id)
    await carry_on()
    await outside.deliver_all()
    await carry_on()

    done = await show_notice(editor(), notice_id)
    assert (seen.in_app, seen.wechat, seen.in_app_only) == (1, 1, 0)
    assert (published.state, published.state_label) == (NoticeState.ENQUEUEING, "正在通知")
    assert (done.state_label, done.progress.told, done.progress.sent) == ("已发送", 1, 1)
    assert outside.wechat.to(openid)[0].fields["thing1"] == "关于年检的通知"


async def test_a_firm_reads_the_title_in_the_list_and_the_text_when_it_opens_it(world: MessageWorld) -> None:
    firm = await world.firm()
    await tell_done(world, firm)
    await publish_notice(editor(), await written(firm))
    await carry_on()

    (line,) = (await list_messages(of(firm), MessageQuery(kind=MessageKind.NOTICE))).items
    opened = await open_message(of(firm), line.id)

    assert (line.text, line.status) == ("关于年检的通知", "未读")
    assert opened.notice is not None
    assert (opened.notice.title, opened.notice.body, opened.status) == ("关于年检的通知", "第一段\n第二段", "已读")


async def test_a_message_of_the_system_has_no_notice(world: MessageWorld) -> None:
    firm = await world.firm()
    await tell_done(world, firm)
    (line,) = (await list_messages(of(firm), MessageQuery())).items

    assert (await open_message(of(firm), line.id)).notice is None


async def test_a_cancelled_notice_says_so_in_the_list(world: MessageWorld) -> None:
    notice_id = await written(await world.firm())
    await cancel_notice(editor(), notice_id)

    listing = await list_notices(editor(), NoticeQuery(state=NoticeState.CANCELLED, limit=1))

    assert [(line.id, line.state_label) for line in listing.items] == [(notice_id, "已取消")]
