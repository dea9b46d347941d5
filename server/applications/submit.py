"""提交审核: everything that is missing at once, then one step into review; and 撤回 before the verdict (manual §4)."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from tortoise.exceptions import IntegrityError

from models.applications import Application, State, Submission
from models.base import new_id
from models.materials import Page
from server import clock, crypto
from server.accounts.caller import Caller
from server.applications.advance import Operator, advance, not_allowed
from server.applications.answers import Form, business_of, columns_of, open_form, person_index, unchanged_keys
from server.applications.drafts import open_window, own_application, refuse_others
from server.applications.labels import label_of
from server.applications.lifecycle import EDITABLE, Action
from server.applications.refusals import AlreadyInProgress, Incomplete
from server.businesses import Business, catalogue, check_form, choose_path, edition_of, requirements
from server.messages.announce import announce
from server.messages.events import ApplicationEvent
from server.transactions import in_transaction, retried

Fault = dict[str, str]


@dataclass(frozen=True)
class Submitted:
    application: Application
    warnings: list[Fault]


async def submit_application(caller: Caller, application_id: UUID) -> Submitted:
    """Raises Incomplete with everything missing, AlreadyInProgress, TransitionNotAllowed or StateConflict."""
    application = await own_application(caller, application_id)
    if application.state not in EDITABLE:
        raise not_allowed(application)
    business = await business_of(application)
    if application.state is State.DRAFT:
        await open_window(business)
    form, warnings = await _complete_form(application, business, caller)
    changes = _changes(application, business, form, caller)

    async def work() -> None:
        fresh = await own_application(caller, application_id)
        fresh.version, fresh.pages_version = application.version, application.pages_version
        async with in_transaction():
            await _refuse_second_this_year(fresh, business, changes)
            await advance(fresh, Action.SUBMIT, Operator.of(caller), changes=changes)
            await _keep_submission(fresh, form)
            await announce(ApplicationEvent("submitted", fresh, f"{fresh.id}:{fresh.version}"))

    try:
        await retried(work)
    except IntegrityError as twin:
        raise await _first_of(application, changes["live_person"]) from twin
    return Submitted(await own_application(caller, application_id), warnings)


async def _complete_form(application: Application, business: Business, caller: Caller) -> tuple[Form, list[Fault]]:
    """The checked answers and warnings. Raises Incomplete."""
    form = open_form(application)
    kind = caller.kind.value
    unchanged = await unchanged_keys(application, form)
    checked = check_form(business, form, kind, complete=True, unchanged=unchanged, account_name=caller.name)
    errors = [_with_label(business, dict(fault)) for fault in checked.errors]
    errors += await missing_materials(application, business, form, kind)
    if errors:
        raise Incomplete(errors=errors)
    refuse_others(caller, checked.form)
    return dict(checked.form), [_with_label(business, dict(fault)) for fault in checked.warnings]


def _with_label(business: Business, fault: dict[str, Any]) -> Fault:
    labels = {field.key: field.label for field in business.fields}
    return {**fault, "label": labels.get(fault["field"], fault["field"])}


async def missing_materials(application: Application, business: Business, form: Form, kind: str) -> list[Fault]:
    """A line for every required material without a page."""
    there = {page.material for page in await Page.filter(application_id=application.id)}
    needed = requirements(business, form, kind)
    return [
        {
            "material": material.key,
            "label": material.label,
            "message": business.texts.upload.format(label=material.label),
            "code": "required",
        }
        for material in needed.materials
        if material.key in needed.required_materials and material.key not in there
    ]


def _changes(application: Application, business: Business, form: Form, caller: Caller) -> dict[str, Any]:
    return columns_of(application.id, business, form) | {
        "edition": edition_of(business).digest,
        "path": choose_path(business, form, caller.kind.value).value,
        "live_person": person_index(business, form),
        "round": application.round + 1,
        "submitted_at": clock.now(),
    }


async def _keep_submission(application: Application, form: Form) -> None:
    """What was submitted in this round, so that the reviewer of the next sees what changed."""
    pages: dict[str, list[str]] = defaultdict(list)
    for page in await Page.filter(application_id=application.id).order_by("material", "position"):
        pages[page.material].append(str(page.id))
    row_id = new_id()
    sealed = crypto.seal(orjson.dumps(form).decode(), f"submission.form:{row_id}")
    await Submission.create(
        id=row_id,
        application_id=application.id,
        round=application.round,
        form=sealed,
        pages=dict(pages),
        created_at=clock.now(),
    )


async def _refuse_second_this_year(application: Application, business: Business, changes: dict[str, Any]) -> None:
    if not business.one_per_person_per_year:
        return
    done = await Application.filter(
        business=business.key, person_index=changes["person_index"], state=State.DONE
    ).first()
    if done:
        raise _already(done)


async def _first_of(application: Application, live_person: str) -> AlreadyInProgress:
    first = await Application.filter(
        account_id=application.account_id, business=application.business, live_person=live_person
    ).first()
    return _already(first) if first else AlreadyInProgress("该人员的同一业务正在办理中")


def _already(first: Application) -> AlreadyInProgress:
    label = catalogue().businesses[first.business].label
    submitted = f"{first.submitted_at.astimezone(clock.SHANGHAI):%Y-%m-%d}" if first.submitted_at else ""
    return AlreadyInProgress(
        f"{first.name}的{label}已于{submitted}提交，当前状态为“{label_of(first.state)}”，不能重复提交",
        application_id=str(first.id),
    )


async def withdraw_application(caller: Caller, application_id: UUID) -> Application:
    """撤回 before the verdict commits (decisions D12). Raises TransitionNotAllowed or StateConflict."""
    remark = catalogue().states.actions[Action.WITHDRAW].remark or ""

    async def work() -> Application:
        application = await own_application(caller, application_id)
        async with in_transaction():
            return await advance(application, Action.WITHDRAW, Operator.of(caller), remark=remark)

    return await retried(work)
