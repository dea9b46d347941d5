"""Publishing and cancelling: one compare-and-swap each; the worker does the rest (server/notices/campaign.py)."""

from uuid import UUID

from tortoise.expressions import F

from models.notices import Notice, NoticeState
from server import clock
from server.audit.trail import Actor, record
from server.notices.audience import accounts_in, audience_of
from server.notices.drafts import find_notice, move_notice
from server.notices.refusals import NobodyToTell, NoticeEnded
from server.transactions import in_transaction

_STOPPABLE = (NoticeState.DRAFT, NoticeState.ENQUEUEING, NoticeState.SENDING)


async def publish_notice(notice_id: UUID, actor: Actor) -> Notice:
    """From now on the worker tells the audience. Raises NoticeNotFound, NoticeNotDraft, NobodyToTell, StaleNotice."""
    notice = await find_notice(notice_id)
    async with in_transaction():
        await move_notice(notice.id, notice.version, NoticeState.ENQUEUEING, published_at=clock.now())
        if not await accounts_in(audience_of(notice)).exists():
            raise NobodyToTell
        await record(actor, "publish_notice", "notice", str(notice.id), title=notice.title, audience=notice.audience)
    return await find_notice(notice.id)


async def cancel_notice(notice_id: UUID, actor: Actor) -> Notice:
    """Nobody more is told, and nothing more is sent: what was sent stands, and so do the messages in the app.

    Raises NoticeNotFound, NoticeEnded.
    """
    notice = await find_notice(notice_id)
    async with in_transaction():
        going = Notice.filter(id=notice.id, state__in=_STOPPABLE)
        if not await going.update(state=NoticeState.CANCELLED, version=F("version") + 1):
            raise NoticeEnded
        await record(actor, "cancel_notice", "notice", str(notice.id), title=notice.title)
    return await find_notice(notice.id)
