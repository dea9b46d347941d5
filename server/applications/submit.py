"""提交审核: everything that is missing at once, then one step into review (manual §4)."""

from collections import defaultdict
from collections.abc import Set
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
from server.applications.answers import (
    Form,
    business_of,
    carried_over,
    columns_of,
    person_index,
    subject_of,
    unchanged_keys,
    year_keys,
)
from server.applications.drafts import refuse_others
from server.applications.labels import business_labels, label_of
from server.applications.lifecycle import EDITABLE, Action
from server.applications.lookup import own_application
from server.applications.refusals import AlreadyInProgress, Incomplete
from server.applications.windows import open_year
from server.businesses import Business, check_form, choose_path, edition_of, requirements
from server.messages.announce import announce
from server.messages.events import ApplicationEvent
from server.transactions import in_transaction, is_duplicate_of, retried

Fault = dict[str, str]

# The key of one live application a person (decisions D13), as MySQL and SQLite name it.
_ONE_LIVE = ("uid_application_account", "application.live_person")


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
    form, warnings = await _complete_form(application, business, caller)
    changes = await _changes(application, business, form, caller)
    applicable = {material.key for material in requirements(business, form, caller.kind.value).materials}

    async def work() -> Application:
        fresh = await own_application(caller, application_id)
        # What was checked is what must still stand: form, state and pages as they were read above.
        fresh.version, fresh.pages_version = application.version, application.pages_version
        async with in_transaction():
            await advance(fresh, Action.SUBMIT, Operator.of(caller), changes=changes)
            await _refuse_second_this_year(fresh, business)
            await _keep_submission(fresh, form, applicable)
            await announce(ApplicationEvent("submitted", fresh, f"{fresh.id}:{fresh.version}"))
        return fresh

    try:
        return Submitted(await retried(work), warnings)
    except IntegrityError as twin:
        if not is_duplicate_of(twin, *_ONE_LIVE):
            raise
        raise await _first_of(application, changes["live_person"]) from twin


async def _complete_form(application: Application, business: Business, caller: Caller) -> tuple[Form, list[Fault]]:
    """The checked answers and warnings. Raises Incomplete, WindowClosed or OnlyYourself."""
    kind = caller.kind.value
    form = carried_over(application, business, kind)
    if application.state is State.DRAFT and (year := await open_year(business)):
        form |= dict.fromkeys(year_keys(business), str(year))
    unchanged = await unchanged_keys(application, form)
    checked = check_form(business, form, kind, complete=True, unchanged=unchanged, account_name=caller.name)
    errors = [_with_label(business, dict(fault)) for fault in checked.errors]
    errors += await missing_materials(application, business, form, kind)
    if errors:
        raise Incomplete(errors=errors)
    await refuse_others(caller, checked.form)
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


async def _changes(application: Application, business: Business, form: Form, caller: Caller) -> dict[str, Any]:
    return columns_of(application.id, business, form) | {
        "edition": edition_of(business).digest,
        "path": choose_path(business, form, caller.kind.value).value,
        "subject_id": await subject_of(application, business, form),
        "live_person": person_index(business, form),
        "round": application.round + 1,
        "submitted_at": clock.now(),
    }


async def _keep_submission(application: Application, form: Form, applicable: Set[str]) -> None:
    """What was submitted in this round, so that the reviewer of the next sees what changed. Pages that the answers
    no longer ask for are no part of it."""
    pages: dict[str, list[str]] = defaultdict(list)
    mine = Page.filter(application_id=application.id, material__in=list(applicable))
    for page in await mine.order_by("material", "position"):
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


async def _refuse_second_this_year(application: Application, business: Business) -> None:
    """Looked up after this one has taken the person's place: no other can be finished in between any more."""
    if not business.one_per_person_per_year:
        return
    same = Application.filter(business=business.key, person_index=application.person_index, state=State.DONE)
    if done := await same.filter(account_id=application.account_id).first():
        raise await _already(done)
    if await same.exists():
        raise AlreadyInProgress(f"{application.name}本年度的{business.label}已办理完成，不能重复提交")


async def _first_of(application: Application, live_person: str) -> AlreadyInProgress:
    first = await Application.filter(
        account_id=application.account_id, business=application.business, live_person=live_person
    ).first()
    return await _already(first) if first else AlreadyInProgress("该人员的同一业务正在办理中")


async def _already(first: Application) -> AlreadyInProgress:
    labels = await business_labels([first])
    submitted = f"{first.submitted_at.astimezone(clock.SHANGHAI):%Y-%m-%d}" if first.submitted_at else ""
    return AlreadyInProgress(
        f"{first.name}的{labels[first.edition]}已于{submitted}提交，当前状态为“{label_of(first.state)}”，不能重复提交",
        application_id=str(first.id),
    )
