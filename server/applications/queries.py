"""The read side: an account's records, the reviewers' queue, the timeline."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from tortoise.expressions import Q
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from models.accounts import Account
from models.applications import Application, HistoryEntry, State
from server import clock, crypto
from server.applications.refusals import WrongCursor

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


async def list_queue(filters: Filters, cursor: str | None, limit: int) -> tuple[list[Application], str | None]:
    """Everyone's applications by the moment they were submitted, oldest first, drafts left out; one page and the
    cursor of the next. Raises WrongCursor."""
    rows = _matching(Application.exclude(state=State.DRAFT), filters)
    if cursor:
        at, id_ = _read_cursor(cursor)
        rows = rows.filter(Q(submitted_at__gt=at) | Q(submitted_at=at, id__gt=id_))
    found = await rows.order_by("submitted_at", "id").limit(limit + 1)
    page = found[:limit]
    return page, _write_cursor(page[-1]) if len(found) > limit else None


def _write_cursor(last: Application) -> str:
    at = last.submitted_at or last.created_at
    return base64.urlsafe_b64encode(f"{at.isoformat()} {last.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """In UTC, as every instant is stored: the engines compare the digits."""
    try:
        at, _, id_ = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return datetime.fromisoformat(at).astimezone(UTC), UUID(id_)
    except (binascii.Error, ValueError, OverflowError) as error:
        raise WrongCursor(field="cursor") from error


async def accounts_of(applications: Sequence[Application]) -> dict[UUID, Account]:
    ids = {a.account_id for a in applications} | {a.claimed_by for a in applications if a.claimed_by}
    return {account.id: account for account in await Account.filter(id__in=list(ids))} if ids else {}


async def timeline(application_id: UUID) -> list[HistoryEntry]:
    """流程跟踪, newest first."""
    return await HistoryEntry.filter(application_id=application_id).order_by("-version")


async def count_by_state(account_id: UUID) -> dict[State, int]:
    """How many of an account's applications are in each state that waits for the applicant."""
    waiting = (State.DRAFT, State.REJECTED, State.APPROVED_TO_BOOK, State.PRINTED_TO_COLLECT)
    rows = Application.filter(account_id=account_id, state__in=waiting).annotate(number=Count("id")).group_by("state")
    found = {row["state"]: row["number"] for row in await rows.values("state", "number")}
    return {state: found.get(state, 0) for state in waiting}
