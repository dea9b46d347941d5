"""过期: 材料审核通过后需要在 30 天内办理完成 (manual §4); warnings seven days and one day before."""

from collections.abc import Sequence
from datetime import date, timedelta

from models.applications import Application, State
from models.messages import Message
from server import clock
from server.applications.advance import SYSTEM, StateConflict, TransitionNotAllowed, advance
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
    """False when it was booked in this moment."""

    async def work() -> None:
        fresh = await Application.get(id=application.id)
        fresh.version = application.version
        async with in_transaction():
            await advance(fresh, Action.EXPIRE, SYSTEM)
            await announce(ApplicationEvent("expired", fresh, f"{fresh.id}:{fresh.version}"))

    try:
        await retried(work)
    except (StateConflict, TransitionNotAllowed):
        return False
    return True


async def warn_due() -> int:
    """Tell whose last day is near, once per approval and number of days (decisions D25). Returns how many.

    A worker that was down on the very day makes up for it, with the most urgent warning only.
    """
    days, today = catalogue().appointments.warn_days_before, clock.today()
    near = Application.filter(
        state=State.APPROVED_TO_BOOK, expires_on__gte=today, expires_on__lte=today + timedelta(days=max(days))
    )
    due = {_occurrence(row, days, today): row for row in await near.order_by("expires_on", "id")}
    known = set(await Message.filter(occurrence__in=list(due)).values_list("occurrence", flat=True)) if due else set()
    for occurrence in due.keys() - known:
        await retried(lambda row=due[occurrence], name=occurrence: _warn(row, name))  # type: ignore[misc]
    return len(due.keys() - known)


def _occurrence(application: Application, days: Sequence[int], today: date) -> str:
    left = (application.expires_on - today).days if application.expires_on else 0
    nearest = min(day for day in days if left <= day)
    return f"{application.id}:{application.approved_on}:expiring:{nearest}"


async def _warn(application: Application, occurrence: str) -> None:
    async with in_transaction():
        await announce(ApplicationEvent("expiring", application, occurrence, {"date": str(application.expires_on)}))
