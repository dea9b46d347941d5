"""领取: a reviewer's lease of thirty minutes on an application (decisions D12)."""

from datetime import timedelta
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from models.accounts import Account
from models.applications import Application, State
from server import clock
from server.accounts.caller import Caller
from server.applications.advance import conflict
from server.applications.lookup import any_application
from server.applications.refusals import ClaimedByOther, NotClaimed
from server.audit.trail import record
from server.transactions import in_transaction, retried

LEASE = timedelta(minutes=30)


def free_for(reviewer_id: UUID) -> Q:
    return Q(claimed_by__isnull=True) | Q(claimed_by=reviewer_id) | Q(claimed_until__lt=clock.now())


def holds_claim(application: Application, reviewer_id: UUID) -> bool:
    return (
        application.claimed_by == reviewer_id
        and application.claimed_until is not None
        and application.claimed_until >= clock.now()
    )


async def claim(caller: Caller, application_id: UUID) -> Application:
    """Take the lease or renew it. Raises ClaimedByOther naming who has it, or StateConflict naming who was first."""

    async def work() -> Application:
        async with in_transaction():
            application = await take(caller, application_id)
            await record(caller.actor, "review.claim", "application", str(application.id))
        return application

    return await retried(work)


async def take(caller: Caller, application_id: UUID) -> Application:
    """`claim` as part of a verdict, whose own entry tells of it: in the running transaction."""
    waiting: QuerySet[Application] = Application.filter(id=application_id, state=State.SUBMITTED)
    taken = await waiting.filter(free_for(caller.account_id)).update(
        claimed_by=caller.account_id, claimed_until=clock.now() + LEASE
    )
    application = await any_application(application_id)
    if taken:
        return application
    if application.state is not State.SUBMITTED:
        raise await conflict(application.id)
    raise await _claimed_by_other(application)


async def _claimed_by_other(application: Application) -> ClaimedByOther:
    holder = await Account.get_or_none(id=application.claimed_by) if application.claimed_by else None
    name = holder.name if holder else "其他审核人员"
    return ClaimedByOther(f"该申请已由 {name} 领取", reviewer=name)


async def release_claim(caller: Caller, application_id: UUID) -> Application:
    """Raises NotClaimed."""

    async def work() -> Application:
        async with in_transaction():
            mine = Application.filter(id=application_id, claimed_by=caller.account_id)
            if not await mine.update(claimed_by=None, claimed_until=None):
                raise NotClaimed
            await record(caller.actor, "review.release", "application", str(application_id))
            return await any_application(application_id)

    return await retried(work)
