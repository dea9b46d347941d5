"""The sealed form of an application, and the columns that lists and keys are made of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from models.applications import Application, State
from models.roster import Cpa
from server import crypto
from server.businesses import Business, check_form, find_business, identity_of
from server.businesses.editions import find_edition
from server.businesses.prefill import Prefill

Form = dict[str, Any]

# What a list shows of a draft that may hold anything; the form itself keeps every character.
_NAME, _NUMBER = 50, 32


def seal_form(application_id: UUID, form: Mapping[str, Any]) -> str:
    return crypto.seal(orjson.dumps(dict(form)).decode(), f"application.form:{application_id}")


def open_form(application: Application) -> Form:
    form: Form = orjson.loads(crypto.unseal(application.form, f"application.form:{application.id}"))
    return form


async def business_of(application: Application) -> Business:
    """A draft moves on to the newest edition when it is opened, everything else stays in its own."""
    if application.state is State.DRAFT:
        return find_business(application.business)
    return await find_edition(application.edition)


def carried_over(application: Application, business: Business, applicant: str) -> Form:
    """The answers as they stand in `business`: of a draft begun in an older edition, those that still fit."""
    form = open_form(application)
    if application.state is not State.DRAFT:
        return form
    return dict(check_form(business, form, applicant, complete=False).form)


def columns_of(application_id: UUID, business: Business, form: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that follow from the answers."""
    id_number = str(form.get("id_number") or "")
    return {
        "form": seal_form(application_id, form),
        "name": str(form.get("name") or "")[:_NAME],
        "cpa_no": str(form.get("cpa_no") or "")[:_NUMBER],
        "id_number_masked": crypto.mask(id_number[:_NUMBER]) if id_number else "",
        "id_number_index": crypto.blind_index(id_number) if id_number else "",
        "person_index": person_index(business, form),
    }


def person_index(business: Business, form: Mapping[str, Any]) -> str:
    """Whom it is about (decisions D13), and for which year where a person may apply once a year."""
    who = identity_of(business, form)
    if who is None:
        return ""
    year = f":{year_of(business, form)}" if business.one_per_person_per_year else ""
    return crypto.blind_index(f"{who[0]}:{who[1]}{year}")


def year_keys(business: Business) -> list[str]:
    """The fields that hold the year of the filing window."""
    return [field.key for field in business.fields if field.prefill is Prefill.WINDOW_YEAR]


def year_of(business: Business, form: Mapping[str, Any]) -> str:
    return next((str(form[key]) for key in year_keys(business) if form.get(key)), "")


def person_of(cpa: Cpa | None) -> dict[str, str | None]:
    """What the roster knows of a person, in clear, for prefilling: {name, cpa_no, id_number, mobile}."""
    if cpa is None:
        return {}
    return {
        "name": cpa.name,
        "cpa_no": cpa.cpa_no,
        "id_number": crypto.unseal(cpa.id_number, f"cpa.id_number:{cpa.id}") if cpa.id_number else None,
        "mobile": crypto.unseal(cpa.mobile, f"cpa.mobile:{cpa.id}") if cpa.mobile else None,
    }


async def unchanged_keys(application: Application, form: Mapping[str, Any]) -> frozenset[str]:
    """Answers still as the roster gave them: accepted as they are (A13)."""
    person = await _picked(application)
    return frozenset(key for key, value in person.items() if value and form.get(key) == value)


async def subject_of(application: Application, business: Business, form: Mapping[str, Any]) -> UUID | None:
    """The person picked from the roster; None once the answers name somebody else, who is then looked up by number:
    what the review decides must not happen to the one who was picked first."""
    person = await _picked(application)
    is_other = any(person.get(key) and form.get(key) != person[key] for key in business.identity)
    return None if is_other else application.subject_id


async def _picked(application: Application) -> dict[str, str | None]:
    return person_of(await Cpa.get_or_none(id=application.subject_id) if application.subject_id else None)
