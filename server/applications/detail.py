"""One application with all a person needs to go on: form, materials with verdicts, timeline, what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.applications import Application, HistoryEntry, State, Verdict
from models.appointments import Visit
from models.materials import Page
from server.applications.answers import business_of, carried_over, unchanged_keys
from server.applications.complete import open_result
from server.applications.lifecycle import EDITABLE, Action
from server.applications.progress import NextAction, next_action
from server.applications.queries import timeline
from server.applications.rounds import last_verdict, open_materials, pages_by_material
from server.businesses import Business, Material, Requirements, check_form, requirements
from server.businesses.answers import answer_text
from server.businesses.edition import differences
from server.businesses.editions import find_edition


@dataclass(frozen=True)
class MaterialState:
    material: Material
    required: bool
    changeable: bool
    pages: tuple[Page, ...]
    verdict: str | None
    reason: str | None


@dataclass(frozen=True)
class Detail:
    """`form` and `result` are in clear: who may see them is decided by whoever shows them."""

    application: Application
    business: Business
    form: dict[str, Any]
    materials: tuple[MaterialState, ...]
    waiting_for: tuple[str, ...]
    entries: tuple[HistoryEntry, ...]
    returned_fields: tuple[dict[str, str], ...]
    warnings: tuple[dict[str, str], ...]
    edition_changes: tuple[str, ...]
    result: dict[str, Any]
    appointment_id: UUID | None
    next_action: NextAction


async def detail_of(application: Application, applicant: str, account_name: str) -> Detail:
    """`applicant` and `account_name` are of the account the application belongs to."""
    business = await business_of(application)
    form, verdict = carried_over(application, business, applicant), await last_verdict(application)
    needed = requirements(business, form, applicant)
    entries = tuple(await timeline(application.id))
    visit = await Visit.get_or_none(live_application_id=application.id)
    return Detail(
        application=application,
        business=business,
        form=form,
        materials=await _materials(application, business, form, applicant, needed, verdict),
        waiting_for=needed.waiting_for,
        entries=entries,
        returned_fields=tuple(verdict.form_fields) if verdict and application.state in EDITABLE else (),
        warnings=await _warnings(application, business, form, applicant, account_name),
        edition_changes=await _edition_changes(application, business),
        result=open_result(application),
        appointment_id=visit.appointment_id if visit else None,
        next_action=next_action(application, remark=_said(entries), visit_on=visit.on_date if visit else None),
    )


async def _materials(
    application: Application,
    business: Business,
    form: Mapping[str, Any],
    applicant: str,
    needed: Requirements,
    verdict: Verdict | None,
) -> tuple[MaterialState, ...]:
    pages = await pages_by_material(application)
    is_open = application.state in EDITABLE
    changeable = await open_materials(application, business, form, applicant) if is_open else frozenset()
    said = {m["key"]: m for m in verdict.materials} if verdict else {}
    return tuple(
        MaterialState(
            material=material,
            required=material.key in needed.required_materials,
            changeable=material.key in changeable,
            pages=tuple(pages.get(material.key, ())),
            verdict=said.get(material.key, {}).get("verdict"),
            reason=said.get(material.key, {}).get("reason") or None,
        )
        for material in needed.materials
    )


def _said(entries: tuple[HistoryEntry, ...]) -> str:
    """The remark of the newest return."""
    return next((entry.remark for entry in entries if entry.action == Action.RETURN), "")


async def _warnings(
    application: Application, business: Business, form: Mapping[str, Any], applicant: str, account_name: str
) -> tuple[dict[str, str], ...]:
    unchanged = await unchanged_keys(application, form)
    found = check_form(
        business, form, applicant, complete=False, unchanged=unchanged, account_name=account_name
    ).warnings
    return tuple({"field": fault["field"], "message": fault["message"], "code": fault["code"]} for fault in found)


async def _edition_changes(application: Application, business: Business) -> tuple[str, ...]:
    """What became different since a draft was last saved; nothing for what was submitted."""
    if application.state is not State.DRAFT:
        return ()
    changed = differences(await find_edition(application.edition), business)
    return tuple(changed)


def result_lines(business: Business, result: Mapping[str, Any]) -> list[dict[str, str]]:
    """What staff entered when they finished it, as people read it: [{"key", "label", "value"}]."""
    fields = business.result.fields if business.result else ()
    return [
        {"key": field.key, "label": field.label, "value": answer_text(field, result[field.key])}
        for field in fields
        if field.key in result
    ]
