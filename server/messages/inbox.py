"""The message centre of one account: listing, opening, marking as read, counting."""

from dataclasses import dataclass
from uuid import UUID

from tortoise.functions import Count

from models.messages import Message, MessageKind
from server import clock
from server.errors import Invalid, NotFound


class MessageNotFound(NotFound):
    message = "没有找到这条消息"


class BadCursor(Invalid):
    code = "bad_cursor"
    message = "翻页标记无效，请从第一页重新查看"


@dataclass(frozen=True)
class MessagePage:
    """Newest first; `next_cursor` is None on the last page."""

    items: list[Message]
    next_cursor: str | None


async def list_messages(
    account_id: UUID,
    *,
    kind: MessageKind | None = None,
    unread: bool | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> MessagePage:
    """One query, whatever the depth of the page. Raises BadCursor."""
    found = Message.filter(account_id=account_id)
    if kind:
        found = found.filter(kind=kind)
    if unread is not None:
        found = found.filter(read_at__isnull=unread)
    if cursor:
        found = found.filter(id__lt=parse_cursor(cursor))
    rows = await found.order_by("-id").limit(limit + 1)
    return MessagePage(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None)


def parse_cursor(cursor: str) -> UUID:
    """Raises BadCursor."""
    try:
        return UUID(cursor)
    except ValueError as error:
        raise BadCursor(field="cursor") from error


async def open_message(account_id: UUID, message_id: UUID) -> Message:
    """The message, marked as read; the first opening is what counts. Raises MessageNotFound."""
    mine = Message.filter(id=message_id, account_id=account_id)
    await mine.filter(read_at__isnull=True).update(read_at=clock.now())
    message = await mine.first()
    if message is None:
        raise MessageNotFound
    return message


async def read_all(account_id: UUID, kind: MessageKind | None = None) -> int:
    """Mark all of one kind (or all) as read; returns how many were unread."""
    unread = Message.filter(account_id=account_id, read_at__isnull=True)
    return await (unread.filter(kind=kind) if kind else unread).update(read_at=clock.now())


async def unread_counts(account_id: UUID) -> dict[MessageKind, int]:
    """Unread messages of each kind, for the red dots; 0 included."""
    unread = Message.filter(account_id=account_id, read_at__isnull=True)
    rows = await unread.annotate(count=Count("id")).group_by("kind").values_list("kind", "count")
    return dict.fromkeys(MessageKind, 0) | {MessageKind(kind): int(count) for kind, count in rows}
