"""What staff enter when they finish an application, and what becomes of the roster (decisions D14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.businesses.conditions import evaluate
from server.businesses.forms import FormCheck, check_fields
from server.businesses.requirements import applicable_answers
from server.businesses.schema import Business, FormField
from server.businesses.vocabulary import Effect, RosterColumn


@dataclass(frozen=True)
class RosterChange:
    """`values`: the columns to write, or by which to find the CPA (remove, move); unanswered ones are absent."""

    effect: Effect
    values: dict[RosterColumn, str]


def result_fields(
    business: Business, form: Mapping[str, Any], applicant: str, *, path: str, step: str
) -> tuple[FormField, ...]:
    """The fields to fill at this step of this path; their conditions speak of the applicant's form."""
    if business.result is None or {key.value: at for key, at in business.result.at.items()}.get(path) != step:
        return ()
    answers = applicable_answers(business, form, applicant)
    return tuple(field for field in business.result.fields if evaluate(field.when, answers, applicant))


def check_result(
    business: Business, form: Mapping[str, Any], applicant: str, result: object, *, path: str, step: str
) -> FormCheck:
    """Complete check of what staff entered; with no fields to fill, anything given is an unknown field."""
    fields = result_fields(business, form, applicant, path=path, step=step)
    return check_fields(fields, business, {} if result is None else result, applicant)


def roster_change(
    business: Business, form: Mapping[str, Any], applicant: str, result: Mapping[str, Any], *, path: str, step: str
) -> RosterChange | None:
    """What this step does to the roster: None for nothing."""
    answers = applicable_answers(business, form, applicant)
    declared = next((e for e in business.roster_effects if evaluate(e.when, answers, applicant)), None)
    if declared is None or {key.value: at for key, at in declared.at.items()}.get(path) != step:
        return None
    sources = {"form": form, "result": result}
    values = {column: _first(sources, names) for column, names in declared.values.items()}
    found = {column: value for column, value in values.items() if value}
    return RosterChange(declared.effect, found) if found else None


def _first(sources: Mapping[str, Mapping[str, Any]], names: tuple[str, ...]) -> str:
    for name in names:
        place, _, key = name.partition(".")
        if value := sources[place].get(key):
            return str(value)
    return ""
