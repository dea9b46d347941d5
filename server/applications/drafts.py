"""Drafts: begun, saved incomplete, copied and deleted; nothing of it leaves a trace in 流程跟踪 (manual §4)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from models.accounts import AccountKind
from models.applications import Application, HistoryEntry, State
from models.base import new_id
from models.businesses import FilingWindow
from models.materials import Page
from models.roster import Cpa
from server import clock
from server.accounts.caller import Caller
from server.applications.advance import conflict, not_allowed
from server.applications.answers import business_of, columns_of, open_form, person_of, unchanged_keys
from server.applications.lifecycle import EDITABLE
from server.applications.refusals import (
    ApplicationNotFound,
    CommitmentChanged,
    NotCopyable,
    NotDeletable,
    NotForApplicant,
    OnlyYourself,
    StaleVersion,
    WindowClosed,
)
from server.businesses import (
    Business,
    FormCheck,
    Known,
    check_form,
    current_edition,
    find_business,
    prefilled,
    refuse_faults,
)
from server.materials.pages import copy_pages, forget_objects
from server.materials.store import Store
from server.roster.search import Scope, get_cpa
from server.transactions import in_transaction, retried

_COPYABLE = frozenset({State.EXPIRED, State.DONE, State.REJECTED, State.DRAFT})


async def own_application(caller: Caller, application_id: UUID) -> Application:
    """Raises ApplicationNotFound for what is not the caller's."""
    found = await Application.get_or_none(id=application_id, account_id=caller.account_id)
    if found is None:
        raise ApplicationNotFound
    return found


async def create_draft(
    caller: Caller, business_key: str, commitment_version: str, form: Mapping[str, Any], subject_id: UUID | None
) -> Application:
    """A draft of a business, prefilled with what the server knows of the person picked from the roster.

    Raises UnknownBusiness, NotForApplicant, WindowClosed, CommitmentChanged, FormRefused, MaskedValue, OnlyYourself.
    """
    business = find_business(business_key)
    if caller.kind.value not in {kind.value for kind in business.applicants}:
        raise NotForApplicant
    if commitment_version != business.commitment.version:
        raise CommitmentChanged(commitment_version=business.commitment.version)
    year = await open_window(business)
    subject = await _subject(caller, subject_id)
    known = Known(caller.kind.value, caller.name, person_of(subject), year)
    answers = dict(form) | prefilled(business, form, known)
    application_id = new_id()
    checked = _checked(business, answers, caller, frozenset(person_of(subject)))
    return await Application.create(
        id=application_id,
        account_id=caller.account_id,
        business=business.key,
        edition=current_edition(business.key).digest,
        subject_id=subject.id if subject else None,
        commitment_version=commitment_version,
        created_at=clock.now(),
        updated_at=clock.now(),
        **columns_of(application_id, business, checked.form),
    )


async def open_window(business: Business) -> int | None:
    """The year of the filing window that is open today, None for a business without one. Raises WindowClosed."""
    if business.window is None or not business.window.required:
        return None
    today = clock.today()
    open_now = FilingWindow.filter(business=business.key, opens_on__lte=today, closes_on__gte=today)
    window = await open_now.order_by("-year").first()
    if window is None:
        raise WindowClosed(business.window.closed_text)
    return window.year


async def _subject(caller: Caller, subject_id: UUID | None) -> Cpa | None:
    """The person picked; a custody CPA is always himself."""
    if caller.kind is AccountKind.CUSTODY:
        subject_id = caller.cpa_id
    return await get_cpa(Scope(caller.firm_id, caller.cpa_id), subject_id) if subject_id else None


def _checked(business: Business, answers: Mapping[str, Any], caller: Caller, unchanged: frozenset[str]) -> FormCheck:
    checked = check_form(
        business, answers, caller.kind.value, complete=False, unchanged=unchanged, account_name=caller.name
    )
    refuse_faults(checked)
    refuse_others(caller, checked.form)
    return checked


def refuse_others(caller: Caller, form: Mapping[str, Any]) -> None:
    """仅本人: a custody CPA applies for himself only."""
    if caller.kind is AccountKind.CUSTODY and form.get("cpa_no") not in (None, "", caller.number):
        raise OnlyYourself(field="cpa_no")


async def save_answers(
    caller: Caller, application_id: UUID, changes: Mapping[str, Any], version: int
) -> tuple[Application, FormCheck]:
    """Merge `changes` (null clears) into the answers. Raises StaleVersion, FormRefused, MaskedValue or a conflict."""
    application = await own_application(caller, application_id)
    if application.state not in EDITABLE:
        raise not_allowed(application)
    if application.version != version:
        raise StaleVersion(version=application.version)
    business = await business_of(application)
    answers = merged(business, open_form(application), changes, caller)
    checked = _checked(business, answers, caller, await unchanged_keys(application, answers))
    columns = columns_of(application.id, business, checked.form) | {"updated_at": clock.now()}
    if application.state is State.DRAFT:
        columns["edition"] = current_edition(application.business).digest
    saved = await Application.filter(id=application.id, version=version, state=application.state).update(
        version=version + 1, **columns
    )
    if not saved:
        raise StaleVersion
    return await Application.get(id=application.id), checked


def merged(business: Business, before: Mapping[str, Any], changes: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """The answers after the changes; an option's preset follows when the option changed."""
    answers = {key: value for key, value in {**before, **changes}.items() if value is not None}
    known = Known(caller.kind.value, caller.name, window_year=_year(before))
    return answers | prefilled(business, answers, known)


def _year(form: Mapping[str, Any]) -> int | None:
    year = str(form.get("check_year") or "")
    return int(year) if year.isdigit() else None


async def delete_draft(caller: Caller, application_id: UUID, *, store: Store) -> None:
    """Raises NotDeletable once it was ever submitted."""
    application = await own_application(caller, application_id)
    pages = await Page.filter(application_id=application.id)

    async def work() -> None:
        async with in_transaction():
            never = Application.filter(id=application.id, state=State.DRAFT, round=0)
            if not await never.filter(version=application.version).delete():
                raise NotDeletable if application.round else await conflict(application.id)
            await Page.filter(application_id=application.id).delete()
            await HistoryEntry.filter(application_id=application.id).delete()

    await retried(work)
    await forget_objects([page.object_key for page in pages], store=store)


async def copy_application(caller: Caller, application_id: UUID, *, store: Store) -> Application:
    """复制为新申请 (A6): a new draft with the answers and the pages of one that is not under way."""
    source = await own_application(caller, application_id)
    if source.state not in _COPYABLE:
        raise NotCopyable
    business = find_business(source.business)
    form = {key: value for key, value in open_form(source).items() if key in {f.key for f in business.fields}}
    year = await open_window(business)
    form |= {"check_year": str(year)} if year else {}
    answers = check_form(business, form, caller.kind.value, complete=False, account_name=caller.name).form
    draft_id = new_id()
    draft = await Application.create(
        id=draft_id,
        account_id=caller.account_id,
        business=business.key,
        edition=current_edition(business.key).digest,
        subject_id=source.subject_id,
        commitment_version=source.commitment_version,
        copied_from=source.id,
        created_at=clock.now(),
        updated_at=clock.now(),
        **columns_of(draft_id, business, answers),
    )
    await copy_pages(source, draft, {material.key for material in business.materials}, store=store)
    return draft
