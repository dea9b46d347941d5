"""审核: a verdict per material and an overall decision; the remark of 流程跟踪 is derived from it (manual §4)."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from models.accounts import Account
from models.applications import Application, Verdict
from server import clock
from server.accounts.caller import Caller
from server.applications.advance import Operator, advance, conflict
from server.applications.answers import business_of, open_form
from server.applications.claims import take
from server.applications.lifecycle import Action, is_on_site
from server.applications.refusals import NoSuchItem, ReasonMissing, RemarkTooLong, VerdictContradicts
from server.audit.trail import record
from server.businesses import Business, FormField, Material, catalogue, requirements
from server.messages.announce import announce
from server.messages.events import ApplicationEvent
from server.transactions import in_transaction, retried

_LONGEST_REMARK = 1800  # characters: a message holds 2000 with the words around it


class Decision(StrEnum):
    APPROVE = "approve"
    RETURN = "return"


class Opinion(StrEnum):
    ACCEPTED = "accepted"
    RETURNED = "returned"


@dataclass(frozen=True)
class MaterialOpinion:
    key: str
    verdict: Opinion
    reason: str = ""


@dataclass(frozen=True)
class FieldOpinion:
    key: str
    reason: str


@dataclass(frozen=True)
class ReviewOrder:
    """What a reviewer sends; materials without an opinion count as accepted. `round`: the one he looked at, so that
    a verdict never falls on what was withdrawn, changed and submitted again meanwhile."""

    decision: Decision
    materials: tuple[MaterialOpinion, ...] = ()
    fields: tuple[FieldOpinion, ...] = ()
    remark: str = ""
    round: int | None = None


async def decide(caller: Caller, application_id: UUID, order: ReviewOrder) -> Application:
    """Two reviewers at once: one wins, the other is told by whom (ClaimedByOther or StateConflict); StateConflict too
    when another round is there than the one he looked at.

    Raises ReasonMissing, VerdictContradicts, NoSuchItem, RemarkTooLong.
    """

    async def work() -> Application:
        async with in_transaction():
            application = await take(caller, application_id)  # a verdict has the claim, or takes it
            if order.round not in (None, application.round):
                raise await conflict(application.id)
            business = await business_of(application)
            account = await Account.get(id=application.account_id)
            check_order(order, business, requirements(business, open_form(application), account.kind.value).materials)
            remark = remark_of(order, business)
            action, changes = Action(order.decision.value), _changes(application, order)
            await advance(application, action, Operator.of(caller), remark=remark, changes=changes)
            await _record_verdict(application, caller, order)
            await _tell(application, order, remark)
            await record(caller.actor, f"review.{order.decision}", "application", str(application.id))
        return application

    return await retried(work)


def check_order(order: ReviewOrder, business: Business, materials: Iterable[Any]) -> None:
    """A return needs a reason, an approval none; raises ReasonMissing, VerdictContradicts or NoSuchItem."""
    _only_known([m.key for m in order.materials], {material.key for material in materials})
    _only_known([f.key for f in order.fields], {field.key for field in business.fields})
    returned = returned_of(order)
    if order.decision is Decision.APPROVE and (returned or order.fields):
        raise VerdictContradicts(field="materials")
    if any(not m.reason.strip() for m in returned) or any(not f.reason.strip() for f in order.fields):
        raise ReasonMissing(field="materials")
    if order.decision is Decision.RETURN and not (returned or order.fields):
        raise ReasonMissing(field="materials")


def _only_known(keys: Sequence[str], known: Set[str]) -> None:
    """Each item of the application at most once."""
    if set(keys) - known or len(set(keys)) < len(keys):
        raise NoSuchItem(field="materials")


def returned_of(order: ReviewOrder) -> Sequence[MaterialOpinion]:
    return [m for m in order.materials if m.verdict is Opinion.RETURNED]


def remark_of(order: ReviewOrder, business: Business) -> str:
    """【注册会计师注册申请表】没有事务所的盖章；…, in the business's order; an approval has only the free remark.

    Raises RemarkTooLong for what the 流程跟踪 and the message to the account cannot hold.
    """
    words = catalogue().states.actions[Action.RETURN]
    reasons = {m.key: m.reason for m in returned_of(order)} | {f.key: f.reason for f in order.fields}
    items: list[Material | FormField] = [*business.materials, *business.fields]
    parts = [
        (words.remark_format or "").format(label=i.label, reason=reasons[i.key].strip())
        for i in items
        if i.key in reasons
    ]
    remark = (words.remark_separator or "").join([*parts, *([order.remark.strip()] if order.remark.strip() else [])])
    if len(remark) > _LONGEST_REMARK:
        raise RemarkTooLong(hint=f"合计不超过 {_LONGEST_REMARK} 字")
    return remark


def _changes(application: Application, order: ReviewOrder) -> dict[str, Any]:
    """A return reopens only what it names; an approval starts the 30 days of a visit (A5)."""
    if order.decision is Decision.RETURN:
        return {"reopened": [m.key for m in returned_of(order)]}
    today = clock.today()
    days = timedelta(days=catalogue().appointments.approved_valid_days)
    return {"approved_on": today, "expires_on": today + days if is_on_site(application.path) else None}


async def _record_verdict(application: Application, caller: Caller, order: ReviewOrder) -> None:
    await Verdict.create(
        application_id=application.id,
        round=application.round,
        decision=order.decision.value,
        materials=[{"key": m.key, "verdict": m.verdict.value, "reason": m.reason} for m in order.materials],
        form_fields=[{"key": f.key, "reason": f.reason} for f in order.fields],
        remark=order.remark,
        reviewer_id=caller.account_id,
        created_at=clock.now(),
    )


async def _tell(application: Application, order: ReviewOrder, remark: str) -> None:
    occurrence = f"{application.id}:{application.version}"
    if order.decision is Decision.RETURN:
        await announce(ApplicationEvent("rejected", application, occurrence, {"remark": remark}))
    else:
        name = "approved" if is_on_site(application.path) else "approved_online"
        await announce(ApplicationEvent(name, application, occurrence))
