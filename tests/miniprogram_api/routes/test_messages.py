"""消息中心 over HTTP: lines as the manual shows them."""

from types import SimpleNamespace
from typing import Any

import pytest

from miniprogram_api.routes.messages import count_unread, list_messages, open_message, read_all
from miniprogram_api.schemas.messages import MessageQuery, ReadAllRequest
from models.accounts import Account
from server.http.call import Call
from server.messages.announce import announce
from server.messages.events import ApplicationEvent
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld


@pytest.fixture
def world(database: Engine) -> MessageWorld:
    return MessageWorld()


def call_of(account: Account) -> Call:
    who: Any = SimpleNamespace(account_id=account.id)
    nothing: Any = None
    return Call(nothing, nothing, who)


async def test_a_line_reads_as_in_the_manual_until_it_is_opened(world: MessageWorld) -> None:
    firm = await world.firm()
    application = await world.application(firm, "李四")
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))

    (line,) = (await list_messages(call_of(firm), MessageQuery())).items
    opened = await open_message(call_of(firm), line.id)

    assert (line.text, line.status) == ("【进度提醒】您提交的注册会计师[李四][注册申请]业务已办理完成。", "未读")
    assert opened.status == "已读"
    assert '"status":"已读"' in opened.model_dump_json()


async def test_read_all_empties_the_red_dot(world: MessageWorld) -> None:
    firm = await world.firm()
    for name in "甲乙":
        application = await world.application(firm, name)
        await announce(ApplicationEvent("done", application, f"history:{application.id}"))

    before = await count_unread(call_of(firm))
    marked = await read_all(call_of(firm), ReadAllRequest())

    assert (before.system, before.notice, before.total) == (2, 0, 2)
    assert marked.marked == 2
    assert (await count_unread(call_of(firm))).total == 0
