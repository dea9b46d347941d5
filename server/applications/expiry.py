"""过期: 材料审核通过后需要在 30 天内办理完成 (manual §4); warnings seven days and one day before."""

from datetime import timedelta

from models.applications import Application, State
from server import clock
from server.applications.advance import SYSTEM, StateConflict, advance
from server.applications.lifecycle import Action
from server.businesses import catalogue
from server.messages.announce import announce
from server.messages.events import ApplicationEvent
from server.transactions import in_transaction, retried

_BATCH = 500


async def expire_due() -> int:
    """Expire what waits for an appointment past its last day; a booked one gets there by cancel or no-show (D20)."""
    late = Application.filter(state=State.APPROVED_TO_BOOK, expires_on__lt=clock.today())
    expired = 0
    for application in await late.order_by("expires_on", "id").limit(_BATCH):
        expired += await _expire(application)
    return expired


async def _expire(application: Application) -> bool:
    async def work() -> None:
        fresh = await Application.get(id=application.id)
        if fresh.version != application.version:
            raise StateConflict
        async with in_transaction():
            await advance(fresh, Action.EXPIRE, SYSTEM)
            await announce(ApplicationEvent("expired", fresh, f"{fresh.id}:{fresh.version}"))

    try:
        await retried(work)
    except StateConflict:
        return False  # it was booked in this moment
    return True


async def warn_due() -> int:
    """Tell whose last day is near, once per approval and number of days (decisions D25). Returns how many."""
    warned = 0
    for days in catalogue().appointments.warn_days_before:
        near = Application.filter(state=State.APPROVED_TO_BOOK, expires_on=clock.today() + timedelta(days=days))
        for application in await near.order_by("id"):
            await retried(lambda a=application, d=days: _warn(a, d))  # type: ignore[misc]
            warned += 1
    return warned


async def _warn(application: Application, days: int) -> None:
    occurrence = f"{application.id}:{application.approved_on}:expiring:{days}"
    async with in_transaction():
        await announce(ApplicationEvent("expiring", application, occurrence, {"date": str(application.expires_on)}))
