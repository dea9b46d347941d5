"""`prefill`: the closed vocabulary of where an answer comes from before anybody types it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from server.businesses.conditions import ApplicantKind

if TYPE_CHECKING:
    from server.businesses.schema import Business, FormField


class Prefill(StrEnum):
    ROSTER = "roster"
    ID_NUMBER = "id_number"
    ACCOUNT_FIRM_OR_CUSTODY = "account_firm_or_custody"
    WINDOW_YEAR = "window_year"
    PRESET_FROM_OPTION = "preset_from_option"


_FROM_ANSWERS = frozenset({Prefill.ID_NUMBER, Prefill.PRESET_FROM_OPTION})  # after what they are read from


@dataclass(frozen=True)
class Known:
    """What the server knows beside the answers: `person` is the roster's {name, cpa_no, id_number, mobile}."""

    applicant: str
    account_name: str = ""
    person: Mapping[str, str | None] = field(default_factory=dict)
    window_year: int | None = None


def prefilled(business: "Business", form: Mapping[str, Any], known: Known) -> dict[str, str]:
    """Values for the fields still unanswered; read-only fields are always given, whatever the form says."""
    values: dict[str, str] = {}
    for item in sorted(business.fields, key=lambda item: item.prefill in _FROM_ANSWERS):
        if form.get(item.key) in (None, "", []) or item.is_readonly:
            value = _value(business, item, dict(form) | values, known)
            if value:
                values[item.key] = value
    return values


def sex_of(id_number: str) -> str | None:
    """GB 11643: the 17th digit is odd for men. None when it is not a resident's number."""
    if not re.fullmatch(r"\d{17}[\dXx]", id_number, re.ASCII):
        return None
    return "male" if int(id_number[16]) % 2 else "female"


def unit_of(business: "Business", known: Known) -> str:
    """所在单位: the firm's name, 协会代管 for a custody CPA."""
    return business.custody_unit if known.applicant == ApplicantKind.CUSTODY else known.account_name


def _value(business: "Business", item: "FormField", form: Mapping[str, Any], known: Known) -> str | None:
    found = _SOURCES[item.prefill](business, item, form, known) if item.prefill else None
    if not found and known.applicant == ApplicantKind.CUSTODY:
        return item.default_for_custody
    return found


def _from_option(business: "Business", item: "FormField", form: Mapping[str, Any], _: Known) -> str | None:
    chosen = form.get(item.preset_from or "")
    source = business.field(item.preset_from or "")
    return next((option.preset_to for option in source.options if option.value == chosen), None)


def _from_id_number(_: "Business", __: "FormField", form: Mapping[str, Any], ___: Known) -> str | None:
    return sex_of(str(form.get("id_number") or ""))


_Source = Callable[["Business", "FormField", Mapping[str, Any], Known], str | None]

_SOURCES: dict[Prefill, _Source] = {
    Prefill.ROSTER: lambda _, item, __, known: known.person.get(item.key),
    Prefill.ID_NUMBER: _from_id_number,
    Prefill.ACCOUNT_FIRM_OR_CUSTODY: lambda business, _, __, known: unit_of(business, known),
    Prefill.WINDOW_YEAR: lambda _, __, ___, known: str(known.window_year) if known.window_year else None,
    Prefill.PRESET_FROM_OPTION: _from_option,
}
