"""The message centre: newest first, opened once, one's own only."""

import pytest

from models.accounts import Account
from models.messages import Message, MessageKind
from server.messages.announce import announce
from server.messages.events import ApplicationEvent
from server.messages.inbox import BadCursor, MessageNotFound, list_messages, open_message, read_all, unread_counts
from tests.fakes_messages import MessageWorld


async def told(world: MessageWorld, account: Account, *names: str) -> list[Message]:
    for name in names:
        application = await world.application(account, name)
        await announce(ApplicationEvent("done", application, f"history:{application.id}"))
    return await Message.filter(account_id=account.id).order_by("-id")


async def test_pages_go_from_new_to_old_without_gap(world: MessageWorld) -> None:
    firm = await world.firm()
    newest_first = [m.id for m in await told(world, firm, *"甲乙丙丁戊")]

    first = await list_messages(firm.id, limit=2)
    second = await list_messages(firm.id, limit=2, cursor=first.next_cursor)
    third = await list_messages(firm.id, limit=2, cursor=second.next_cursor)

    assert [m.id for page in (first, second, third) for m in page.items] == newest_first
    assert third.next_cursor is None


async def test_opening_marks_as_read_once(world: MessageWorld) -> None:
    firm = await world.firm()
    (message,) = await told(world, firm, "张三")

    first = await open_message(firm.id, message.id)
    again = await open_message(firm.id, message.id)

    assert first.read_at is not None
    assert again.read_at == first.read_at


async def test_a_stranger_finds_nothing(world: MessageWorld) -> None:
    owner, stranger = await world.firm(), await world.firm(name="测试单位202")
    (message,) = await told(world, owner, "张三")

    with pytest.raises(MessageNotFound):
        await open_message(stranger.id, message.id)

    assert (await Message.get(id=message.id)).read_at is None
    assert (await list_messages(stranger.id)).items == []


async def test_filters_by_kind_and_unread(world: MessageWorld) -> None:
    firm = await world.firm()
    newer, older = await told(world, firm, "甲", "乙")
    await open_message(firm.id, older.id)

    unread = await list_messages(firm.id, unread=True)
    read = await list_messages(firm.id, unread=False, kind=MessageKind.SYSTEM)
    notices = await list_messages(firm.id, kind=MessageKind.NOTICE)

    assert [[m.id for m in page.items] for page in (unread, read, notices)] == [[newer.id], [older.id], []]


async def test_red_dots_count_what_is_unread(world: MessageWorld) -> None:
    firm, other = await world.firm(), await world.firm()
    await told(world, firm, "甲", "乙", "丙")
    await told(world, other, "丁")

    before = await unread_counts(firm.id)
    marked = await read_all(firm.id, MessageKind.SYSTEM)

    assert before == {MessageKind.SYSTEM: 3, MessageKind.NOTICE: 0}
    assert marked == 3
    assert await unread_counts(firm.id) == {MessageKind.SYSTEM: 0, MessageKind.NOTICE: 0}
    assert (await unread_counts(other.id))[MessageKind.SYSTEM] == 1


async def test_a_mangled_cursor_is_refused(world: MessageWorld) -> None:
    firm = await world.firm()

    with pytest.raises(BadCursor):
        await list_messages(firm.id, cursor="../etc")
