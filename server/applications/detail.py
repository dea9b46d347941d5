"""One application with all a person needs to go on: form, materials with verdicts, timeline, what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.applications import Application, HistoryEntry, State
from models.appointments import Visit
from models.businesses import BusinessEdition
from models.materials import Page
from server.applications.answers import business_of, open_form, unchanged_keys
from server.applications.lifecycle import EDITABLE
from server.applications.queries import timeline
from server.applications.rounds import last_verdict, open_materials, pages_by_material
from server.businesses import Business, Material, check_form, load_edition, requirements
from server.businesses.edition import differences


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
    """`form` is in clear: who may see it is decided by whoever shows it."""

    application: Application
    business: Business
    form: dict[str, Any]
    materials: tuple[MaterialState, ...]
    waiting_for: tuple[str, ...]
    entries: tuple[HistoryEntry, ...]
    returned_fields: tuple[dict[str, str], ...]
    warnings: tuple[dict[str, str], ...]
    edition_changes: tuple[str, ...]
    appointment_id: UUID | None


async def detail_of(application: Application, applicant: str, account_name: str) -> Detail:
    business, form = await business_of(application), open_form(application)
    verdict = await last_verdict(application)
    said = {m["key"]: m for m in verdict.materials} if verdict else {}
    return Detail(
        application=application,
        business=business,
        form=form,
        materials=await _materials(application, business, form, applicant, said),
        waiting_for=requirements(business, form, applicant).waiting_for,
        entries=tuple(await timeline(application.id)),
        returned_fields=tuple(verdict.form_fields) if verdict and application.state in EDITABLE else (),
        warnings=await _warnings(application, business, form, applicant, account_name),
        edition_changes=await _edition_changes(application, business),
        appointment_id=await _appointment(application),
    )


async def _materials(
    application: Application, business: Business, form: Mapping[str, Any], applicant: str, said: Mapping[str, Any]
) -> tuple[MaterialState, ...]:
    needed = requirements(business, form, applicant)
    pages = await pages_by_material(application)
    is_open = application.state in EDITABLE
    changeable = await open_materials(application, business, form, applicant) if is_open else frozenset()
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


async def _warnings(
    application: Application, business: Business, form: Mapping[str, Any], applicant: str, account_name: str
) -> tuple[dict[str, str], ...]:
    unchanged = await unchanged_keys(application, form)
    found = check_form(
        business, form, applicant, complete=False, unchanged=unchanged, account_name=account_name
    ).warnings
    return tuple(dict(fault) for fault in found)  # type: ignore[arg-type]


async def _edition_changes(application: Application, business: Business) -> tuple[str, ...]:
    """What became different since a draft was last saved; nothing for what was submitted."""
    if application.state is not State.DRAFT:
        return ()
    row = await BusinessEdition.get_or_none(digest=application.edition)
    return tuple(differences(load_edition(row.body), business)) if row else ()


async def _appointment(application: Application) -> UUID | None:
    visit = await Visit.get_or_none(live_application_id=application.id)
    return visit.appointment_id if visit else None
