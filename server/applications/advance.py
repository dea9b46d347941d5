"""The one door to an application's state: a compare-and-swap with a history row, nothing else writes `.state`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from tortoise.expressions import F

from models.accounts import AccountKind
from models.applications import Application, HistoryEntry, State
from server import clock
from server.accounts.caller import Caller
from server.applications.labels import label_of
from server.applications.lifecycle import FINAL, Action, Step, Who, step_of
from server.errors import Refusal


@dataclass(frozen=True)
class Operator:
    """Who acts, with the name the 流程跟踪 shows: 测试单位201, admin (系统管理员)."""

    id: UUID | None
    name: str
    who: Who

    @classmethod
    def of(cls, caller: Caller) -> Self:
        who = Who.STAFF if caller.kind is AccountKind.STAFF else Who.APPLICANT
        return cls(caller.account_id, caller.name, who)


SYSTEM = Operator(None, "系统", Who.SYSTEM)


class TransitionNotAllowed(Refusal):
    """The lifecycle has no such step from the present state, or not for this party."""

    code = "transition_not_allowed"


class StateConflict(Refusal):
    """Somebody else moved the application since it was read."""

    code = "state_conflict"


async def advance(
    application: Application,
    action: Action,
    operator: Operator,
    *,
    remark: str = "",
    changes: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Application:
    """Take one step in the running transaction, writing `changes` (columns) with it.

    The step holds only if state, version and pages are still those of `application`, which is brought up to date.
    Raises TransitionNotAllowed or StateConflict.
    """
    at = at or clock.now()
    step = _step(application, action, operator, changes or {})
    columns = _consequences(application.state, step.to) | dict(changes or {})
    columns |= {"state": step.to, "version": application.version + 1, "updated_at": at}
    moved = await Application.filter(
        id=application.id,
        state=application.state,
        version=application.version,
        pages_version=application.pages_version,
    ).update(**columns)
    if moved != 1:
        raise await conflict(application.id)
    for column, value in columns.items():
        setattr(application, column, value)
    await HistoryEntry.create(**_entry(application.id, application.version, step.to, action, operator, remark, at))
    return application


def _step(application: Application, action: Action, operator: Operator, changes: Mapping[str, Any]) -> Step:
    step = step_of(changes.get("path", application.path), application.state, action)
    if step is None or operator.who not in step.who:
        raise not_allowed(application)
    return step


def not_allowed(application: Application) -> TransitionNotAllowed:
    label = label_of(application.state)
    return TransitionNotAllowed(f"当前状态为“{label}”，不能进行此操作", state=application.state.value)


def _consequences(before: State, after: State) -> dict[str, Any]:
    """A person is free for another application once this one is final or withdrawn (decisions D13); a reviewer's
    claim ends with the review."""
    columns: dict[str, Any] = {}
    if after in FINAL or after is State.DRAFT:
        columns["live_person"] = None
    if before is State.SUBMITTED:
        columns |= {"claimed_by": None, "claimed_until": None}
    return columns


def _entry(
    application_id: UUID, version: int, state: State, action: Action, operator: Operator, remark: str, at: datetime
) -> dict[str, Any]:
    return {
        "created_at": at,
        "application_id": application_id,
        "version": version,
        "state": state,
        "action": action.value,
        "remark": remark,
        "operator_id": operator.id,
        "operator_name": operator.name,
    }


async def conflict(application_id: UUID) -> StateConflict:
    """What became of an application that could not be moved, and who did it."""
    present = await Application.get_or_none(id=application_id)
    last = await HistoryEntry.filter(application_id=application_id).order_by("-version").first()
    if present is None:
        return StateConflict("该申请已被删除")
    done_by = f"已由 {last.operator_name} 处理，" if last else "刚刚被修改，"
    return StateConflict(
        f"该申请{done_by}当前状态为“{label_of(present.state)}”，请刷新后再试",
        state=present.state.value,
        version=present.version,
        operator=last.operator_name if last else None,
    )


class Booked(NamedTuple):
    """What a booking has to tell of one of its applications."""

    id: UUID
    version: int
    name: str
    edition: str


async def book_all(
    ids: Sequence[UUID], *, account_id: UUID, business: str, on: date, operator: Operator, at: datetime | None = None
) -> list[Booked]:
    """Move applications to booked in the running transaction, in the order of their ids, until one cannot be.

    Eligible are the account's own of this business, approved and not past their deadline on the day of the visit.
    Returns those that moved, in that order: fewer than all means the caller rolls back. Nothing is read before it is
    written.
    """
    at = at or clock.now()
    moved: list[UUID] = []
    for application_id in sorted(ids):
        if not await _book(application_id, account_id, business, on, at):
            break
        moved.append(application_id)
    rows = await Application.filter(id__in=moved).values_list("id", "version", "name", "edition") if moved else []
    booked = sorted(Booked(*row) for row in rows)
    await HistoryEntry.bulk_create(
        HistoryEntry(**_entry(row.id, row.version, State.BOOKED, Action.BOOK, operator, "", at)) for row in booked
    )
    return booked


async def _book(application_id: UUID, account_id: UUID, business: str, on: date, at: datetime) -> bool:
    moved = await Application.filter(
        id=application_id,
        account_id=account_id,
        business=business,
        state=State.APPROVED_TO_BOOK,
        expires_on__gte=on,
    ).update(state=State.BOOKED, version=F("version") + 1, updated_at=at)
    return moved == 1
