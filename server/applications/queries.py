"""The read side: an account's records, the reviewers' queue, the timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from models.accounts import Account
from models.applications import Application, HistoryEntry, State
from server import clock, crypto

_SHORTEST_ID = 5


@dataclass(frozen=True)
class Filters:
    """`q`: part of a name, the beginning of a CPA number, or a whole ID number."""

    business: str | None = None
    status: State | None = None
    q: str | None = None
    since: date | None = None
    until: date | None = None


async def list_applications(account_id: UUID, filters: Filters, before: UUID | None, limit: int) -> list[Application]:
    """办理记录, newest first, older than `before`."""
    rows = _matching(Application.filter(account_id=account_id), filters)
    rows = rows.filter(id__lt=before) if before else rows
    return await rows.order_by("-id").limit(limit)


def _matching(rows: QuerySet[Application], filters: Filters) -> QuerySet[Application]:
    if filters.business:
        rows = rows.filter(business=filters.business)
    if filters.status:
        rows = rows.filter(state=filters.status)
    if filters.since:
        rows = rows.filter(created_at__gte=clock.at(filters.since, "00:00"))
    if filters.until:
        rows = rows.filter(created_at__lt=clock.at(filters.until + timedelta(days=1), "00:00"))
    return rows.filter(_about(filters.q.strip())) if filters.q else rows


def _about(q: str) -> Q:
    found = Q(name__contains=q) | Q(cpa_no__startswith=q)
    return found | Q(id_number_index=crypto.blind_index(q)) if len(q) >= _SHORTEST_ID else found


async def list_queue(filters: Filters, after: UUID | None, limit: int) -> list[Application]:
    """Everyone's applications, oldest first, drafts left out."""
    rows = _matching(Application.exclude(state=State.DRAFT), filters)
    rows = rows.filter(id__gt=after) if after else rows
    return await rows.order_by("id").limit(limit)


async def accounts_of(applications: Sequence[Application]) -> dict[UUID, Account]:
    ids = {a.account_id for a in applications} | {a.claimed_by for a in applications if a.claimed_by}
    return {account.id: account for account in await Account.filter(id__in=ids)}


async def timeline(application_id: UUID) -> list[HistoryEntry]:
    """流程跟踪, newest first."""
    return await HistoryEntry.filter(application_id=application_id).order_by("-version")


async def count_by_state(account_id: UUID) -> dict[State, int]:
    """How many of an account's applications are in each state that waits for the applicant."""
    waiting = (State.DRAFT, State.REJECTED, State.APPROVED_TO_BOOK, State.PRINTED_TO_COLLECT)
    return {state: await Application.filter(account_id=account_id, state=state).count() for state in waiting}
