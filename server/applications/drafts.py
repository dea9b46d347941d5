"""Drafts: begun, saved incomplete and deleted; nothing of it leaves a trace in 流程跟踪 (manual §4)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from models.accounts import AccountKind
from models.applications import Application, State
from models.base import new_id
from models.materials import Page
from models.roster import Cpa
from server import clock
from server.accounts.caller import Caller
from server.applications.advance import conflict, not_allowed
from server.applications.answers import (
    Form,
    business_of,
    carried_over,
    columns_of,
    person_of,
    unchanged_keys,
    year_of,
)
from server.applications.lifecycle import EDITABLE
from server.applications.lookup import own_application
from server.applications.refusals import (
    CommitmentChanged,
    NotDeletable,
    NotForApplicant,
    OnlyYourself,
    StaleVersion,
)
from server.applications.windows import open_year
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
from server.materials.pages import forget_objects
from server.materials.store import Store
from server.roster.search import Scope, get_cpa
from server.transactions import in_transaction, retried


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
    year = await open_year(business)
    subject = await _subject(caller, subject_id)
    person = person_of(subject)
    answers = dict(form) | prefilled(business, form, Known(caller.kind.value, caller.name, person, year))
    checked = await _checked(business, answers, caller, frozenset(person))
    return await new_draft(
        caller,
        business,
        checked.form,
        subject_id=subject.id if subject else None,
        commitment_version=commitment_version,
    )


async def new_draft(caller: Caller, business: Business, form: Mapping[str, Any], **columns: Any) -> Application:
    application_id, at = new_id(), clock.now()
    return await Application.create(
        id=application_id,
        account_id=caller.account_id,
        business=business.key,
        edition=current_edition(business.key).digest,
        created_at=at,
        updated_at=at,
        **columns,
        **columns_of(application_id, business, form),
    )


async def _subject(caller: Caller, subject_id: UUID | None) -> Cpa | None:
    """The person picked; a custody CPA is always himself."""
    if caller.kind is AccountKind.CUSTODY:
        subject_id = caller.cpa_id
    return await get_cpa(Scope(caller.firm_id, caller.cpa_id), subject_id) if subject_id else None


async def _checked(
    business: Business, answers: Mapping[str, Any], caller: Caller, unchanged: frozenset[str]
) -> FormCheck:
    checked = check_form(
        business, answers, caller.kind.value, complete=False, unchanged=unchanged, account_name=caller.name
    )
    refuse_faults(checked)
    await refuse_others(caller, checked.form)
    return checked


async def refuse_others(caller: Caller, form: Mapping[str, Any]) -> None:
    """仅本人: a custody CPA applies for himself only, whichever number names the person. His CPA number is the
    roster's: the one he logs in with may be older."""
    if caller.kind is not AccountKind.CUSTODY:
        return
    own = {"cpa_no": caller.number} | person_of(await Cpa.get_or_none(id=caller.cpa_id))
    for key in ("cpa_no", "id_number"):
        if form.get(key) and own.get(key) and form[key] != own[key]:
            raise OnlyYourself(field=key)


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
    answers = _merged(business, carried_over(application, business, caller.kind.value), changes, caller)
    checked = await _checked(business, answers, caller, await unchanged_keys(application, answers))
    columns = columns_of(application.id, business, checked.form) | {"updated_at": clock.now()}
    if application.state is State.DRAFT:
        columns["edition"] = current_edition(application.business).digest
    saved = await Application.filter(id=application.id, version=version, state=application.state).update(
        version=version + 1, **columns
    )
    if not saved:
        raise StaleVersion
    return await Application.get(id=application.id), checked


def _merged(business: Business, before: Form, changes: Mapping[str, Any], caller: Caller) -> Form:
    """The answers after the changes; an option's preset follows when the option changed."""
    answers = {key: value for key, value in {**before, **changes}.items() if value is not None}
    year = year_of(business, before)
    known = Known(caller.kind.value, caller.name, window_year=int(year) if year.isdigit() else None)
    return answers | prefilled(business, answers, known)


async def delete_draft(caller: Caller, application_id: UUID, *, store: Store) -> None:
    """Raises NotDeletable once it was ever submitted."""
    application = await own_application(caller, application_id)
    if application.round:
        raise NotDeletable

    async def work() -> list[str]:
        async with in_transaction():
            never = Application.filter(id=application.id, state=State.DRAFT, round=0, version=application.version)
            if not await never.delete():
                raise await conflict(application.id)
            pages = await Page.filter(application_id=application.id)
            await Page.filter(application_id=application.id).delete()
        return [page.object_key for page in pages]

    await forget_objects(await retried(work), store=store)
