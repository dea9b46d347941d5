"""From round to round: what a returned application lets change, and what has changed since the last verdict (D11)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from models.applications import Application, Submission, Verdict
from models.materials import Page
from server import crypto
from server.accounts.caller import Caller
from server.applications.advance import not_allowed
from server.applications.answers import business_of, carried_over
from server.applications.lifecycle import EDITABLE
from server.applications.lookup import own_application
from server.businesses import Business, requirements
from server.materials.pages import check_material

_IDENTITY_FIELDS = ("name", "id_number")
_IDENTITY_MATERIALS = frozenset({"id_card", "principal_agent_id"})


async def find_submission(application: Application, round_no: int) -> Submission | None:
    return await Submission.get_or_none(application_id=application.id, round=round_no)


def open_submission(submission: Submission) -> dict[str, Any]:
    form: dict[str, Any] = orjson.loads(crypto.unseal(submission.form, f"submission.form:{submission.id}"))
    return form


async def changeable_application(caller: Caller, application_id: UUID, material: str) -> Application:
    """The caller's application with this material open for change now.

    Raises ApplicationNotFound, TransitionNotAllowed, NoSuchMaterial or MaterialLocked.
    """
    application = await own_application(caller, application_id)
    if application.state not in EDITABLE:
        raise not_allowed(application)
    business, applicant = await business_of(application), caller.kind.value
    form = carried_over(application, business, applicant)
    known = {found.key for found in requirements(business, form, applicant).materials}
    check_material(material, known, await open_materials(application, business, form, applicant))
    return application


async def open_materials(
    application: Application, business: Business, form: Mapping[str, Any], applicant: str
) -> frozenset[str]:
    """Materials whose pages may change now: all of a draft; after a return the returned ones, newly applicable ones,
    and those that prove who somebody is when name or ID number changed."""
    applicable = frozenset(material.key for material in requirements(business, form, applicant).materials)
    verdict = await last_verdict(application)
    if application.reopened is None or verdict is None:
        return applicable
    submission = await find_submission(application, verdict.round)
    before = open_submission(submission) if submission else {}
    proven = frozenset(submission.pages) if submission else frozenset()
    is_other_person = any(before.get(key) != form.get(key) for key in _IDENTITY_FIELDS)
    reopened = frozenset(application.reopened) | (_IDENTITY_MATERIALS if is_other_person else frozenset())
    return applicable & (reopened | (applicable - proven))


async def changes_since(application: Application) -> dict[str, list[str]]:
    """{"fields": keys, "materials": keys} that differ between the present round and the last one that was reviewed
    before it; empty at first."""
    present = await find_submission(application, application.round)
    before = await _reviewed_before(application)
    if present is None or before is None:
        return {"fields": [], "materials": []}
    new, old = open_submission(present), open_submission(before)
    return {
        "fields": sorted(key for key in {*new, *old} if new.get(key) != old.get(key)),
        "materials": sorted(
            key for key in {*present.pages, *before.pages} if present.pages.get(key) != before.pages.get(key)
        ),
    }


async def _reviewed_before(application: Application) -> Submission | None:
    """Rounds withdrawn in between were seen by nobody."""
    earlier = Verdict.filter(application_id=application.id, round__lt=application.round)
    verdict = await earlier.order_by("-round").first()
    return await find_submission(application, verdict.round) if verdict else None


async def last_verdict(application: Application) -> Verdict | None:
    return await Verdict.filter(application_id=application.id).order_by("-round").first()


async def pages_by_material(application: Application) -> dict[str, list[Page]]:
    """The pages of each material in their order."""
    found: dict[str, list[Page]] = {}
    for page in await Page.filter(application_id=application.id).order_by("material", "position"):
        found.setdefault(page.material, []).append(page)
    return found
