"""What staff must look at: one open alert a fault, however often it shows itself."""

import logging
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from models.messages import Alert
from server import clock
from server.audit.trail import Actor, record
from server.errors import NotFound, Refusal
from server.messages.inbox import parse_cursor
from server.transactions import in_transaction, is_duplicate

_log = logging.getLogger("zcgl")


class AlertNotFound(NotFound):
    message = "没有找到这条告警"


class AlreadyResolved(Refusal):
    code = "already_resolved"
    message = "该告警已处理"


async def raise_alert(kind: str, subject: str, text: str) -> bool:
    """Open an alert in the running transaction, or count the open one of this `subject` again (False)."""
    if await _counted_again(subject, text):
        return False
    now = clock.now()
    alert = Alert(created_at=now, kind=kind, subject=subject, open_subject=subject, text=text[:500], last_at=now)
    try:
        async with in_transaction():  # a savepoint: another process may open the same alert just now
            await alert.save(force_create=True)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        await _counted_again(subject, text)
        return False
    _log.error("alert", extra={"facts": {"kind": kind, "subject": subject, "text": text}})
    return True


async def _counted_again(subject: str, text: str) -> bool:
    again = Alert.filter(open_subject=subject)
    return await again.update(times=F("times") + 1, last_at=clock.now(), text=text[:500]) == 1


async def list_alerts(*, resolved: bool | None, cursor: str | None, limit: int) -> tuple[list[Alert], str | None]:
    """Newest first, with the next page's cursor. Raises BadCursor."""
    found = Alert.all() if resolved is None else Alert.filter(resolved_at__isnull=not resolved)
    if cursor:
        found = found.filter(id__lt=parse_cursor(cursor))
    rows = await found.order_by("-id").limit(limit + 1)
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None


async def resolve_alert(alert_id: UUID, actor: Actor) -> Alert:
    """Close it by hand; the same fault may alert anew. Raises AlertNotFound, AlreadyResolved."""
    alert = await Alert.get_or_none(id=alert_id)
    if alert is None:
        raise AlertNotFound
    async with in_transaction():
        if not await close_alert(alert.subject, actor.name):
            raise AlreadyResolved
        await record(actor, "resolve_alert", "alert", str(alert.id), subject=alert.subject)
    return await Alert.get(id=alert_id)


async def close_alert(subject: str, by: str) -> bool:
    """Its cause is gone: close the open alert of `subject`, if there is one, in the running transaction."""
    columns = {"open_subject": None, "resolved_at": clock.now(), "resolved_by": by}
    return await Alert.filter(open_subject=subject).update(**columns) == 1
