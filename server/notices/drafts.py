"""Notices as staff write, change, find and list them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.expressions import F

from models.notices import Notice, NoticeState
from server import clock
from server.audit.trail import Actor, record
from server.messages.inbox import parse_cursor
from server.notices.audience import Audience, check_audience
from server.notices.refusals import NoticeNotDraft, NoticeNotFound, StaleNotice
from server.transactions import in_transaction


@dataclass(frozen=True)
class NoticeText:
    """`title`: at most 100 characters, what the message centre lists; `body`: shown when it is opened."""

    title: str
    body: str
    audience: Audience


async def write_notice(text: NoticeText, actor: Actor) -> Notice:
    """A new draft. Raises NoAudience, UnknownNumbers."""
    await check_audience(text.audience)
    async with in_transaction():
        notice = await Notice.create(
            created_at=clock.now(),
            title=text.title,
            body=text.body,
            audience=text.audience.model_dump_json(),
            author=actor.name,
        )
        await record(actor, "write_notice", "notice", str(notice.id), title=text.title)
    return notice


async def change_notice(notice_id: UUID, version: int, changes: dict[str, Any], actor: Actor) -> Notice:
    """Change `title`, `body` or `audience` of a draft as it was at `version`.

    Raises NoticeNotFound, NoticeNotDraft, StaleNotice, NoAudience, UnknownNumbers.
    """
    await find_notice(notice_id)
    columns = dict(changes)
    if audience := columns.get("audience"):
        await check_audience(audience)
        columns["audience"] = audience.model_dump_json()
    async with in_transaction():
        await move_notice(notice_id, version, NoticeState.DRAFT, **columns)
        await record(actor, "change_notice", "notice", str(notice_id), changed=sorted(columns))
    return await find_notice(notice_id)


async def move_notice(notice_id: UUID, version: int, state: NoticeState, **columns: Any) -> None:
    """Compare-and-swap on (draft, version), in the running transaction. Raises NoticeNotDraft, StaleNotice."""
    draft = Notice.filter(id=notice_id, state=NoticeState.DRAFT)
    if await draft.filter(version=version).update(state=state, version=F("version") + 1, **columns):
        return
    raise StaleNotice if await draft.exists() else NoticeNotDraft


async def find_notice(notice_id: UUID) -> Notice:
    """Raises NoticeNotFound."""
    notice = await Notice.get_or_none(id=notice_id)
    if notice is None:
        raise NoticeNotFound
    return notice


async def list_notices(state: NoticeState | None, cursor: str | None, limit: int) -> tuple[list[Notice], str | None]:
    """Newest first, with the next page's cursor. Raises BadCursor."""
    found = Notice.filter(state=state) if state else Notice.all()
    if cursor:
        found = found.filter(id__lt=parse_cursor(cursor))
    rows = await found.order_by("-id").limit(limit + 1)
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None
