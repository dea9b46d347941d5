"""What applies to the answers given so far: the fields to show, the materials to upload, the path to walk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.businesses.answers import answered
from server.businesses.conditions import Condition, evaluate, fields_named
from server.businesses.prefill import Known, Prefill, prefilled
from server.businesses.record import Form
from server.businesses.schema import Business, FormField, Material, Required
from server.businesses.vocabulary import Path


@dataclass(frozen=True)
class Requirements:
    """`waiting_for`: fields to be answered before any material is known (D10: then `materials` is empty).

    `required`: keys of the fields, `required_materials`: keys of the materials that may not be left out.
    `presets`: answers that follow from a chosen option (转入协会代管 -> 协会代管). `path`: None while it is undecided.
    """

    fields: tuple[FormField, ...]
    materials: tuple[Material, ...]
    required: frozenset[str]
    required_materials: frozenset[str]
    waiting_for: tuple[str, ...]
    presets: dict[str, str]
    path: Path | None


def requirements(business: Business, form: Mapping[str, Any], applicant: str) -> Requirements:
    answers = applicable_answers(business, form, applicant)
    fields = applicable_fields(business, form, applicant)
    waiting = _unanswered(deciding_keys(business), fields, answers)
    applying = () if waiting else tuple(m for m in business.materials if evaluate(m.when, answers, applicant))
    return Requirements(
        fields=fields,
        materials=applying,
        required=_required(fields, answers, applicant),
        required_materials=_required(applying, answers, applicant),
        waiting_for=waiting,
        presets=_presets(business, fields, answers, applicant),
        path=None if _path_open(business, fields, answers) else choose_path(business, form, applicant),
    )


def applicable_fields(business: Business, form: Mapping[str, Any], applicant: str) -> tuple[FormField, ...]:
    return tuple(field for field in business.fields if applies(business, field, form, applicant))


def applies(business: Business, field: FormField, form: Mapping[str, Any], applicant: str) -> bool:
    """Whether the field is shown; an answer counts only while its own field is. The loader refuses cycles."""
    if field.when is None:
        return True
    counted = {
        key: form[key]
        for key in fields_named(field.when)
        if key in form and applies(business, business.field(key), form, applicant)
    }
    return evaluate(field.when, counted, applicant)


def applicable_answers(business: Business, form: Mapping[str, Any], applicant: str) -> Form:
    shown = applicable_fields(business, form, applicant)
    return {field.key: form[field.key] for field in shown if field.key in form}


def choose_path(business: Business, form: Mapping[str, Any], applicant: str) -> Path:
    """The first path whose condition holds; the last one has none."""
    answers = applicable_answers(business, form, applicant)
    return next(choice.path for choice in business.paths if evaluate(choice.when, answers, applicant))


def is_required(item: FormField | Material, answers: Mapping[str, Any], applicant: str) -> bool:
    if isinstance(item.required, Required):
        return evaluate(item.required.when, answers, applicant)
    return item.required


def identity_of(business: Business, form: Mapping[str, Any]) -> tuple[str, str] | None:
    """Whom the application is about: (field, value) of the first identity field answered (decisions D13)."""
    found = ((key, form.get(key)) for key in business.identity)
    return next(((key, value) for key, value in found if isinstance(value, str) and value), None)


def deciding_keys(business: Business) -> frozenset[str]:
    """The fields that decide which materials apply or are required."""
    conditions: list[Condition | None] = [material.when for material in business.materials]
    conditions += [m.required.when for m in business.materials if isinstance(m.required, Required)]
    return frozenset(key for condition in conditions for key in fields_named(condition))


def _unanswered(keys: Iterable[str], fields: Iterable[FormField], answers: Form) -> tuple[str, ...]:
    wanted = frozenset(keys)
    return tuple(field.key for field in fields if field.key in wanted and not answered(answers, field))


def _path_open(business: Business, fields: Iterable[FormField], answers: Form) -> bool:
    keys = {key for choice in business.paths for key in fields_named(choice.when)}
    return bool(_unanswered(keys, fields, answers))


def _required(items: Iterable[FormField | Material], answers: Form, applicant: str) -> frozenset[str]:
    return frozenset(item.key for item in items if is_required(item, answers, applicant))


def _presets(business: Business, fields: Iterable[FormField], answers: Form, applicant: str) -> dict[str, str]:
    keys = {field.key for field in fields if field.prefill is Prefill.PRESET_FROM_OPTION}
    unanswered = {key: answer for key, answer in answers.items() if key not in keys}
    found = prefilled(business, unanswered, Known(applicant=applicant))
    return {key: value for key, value in found.items() if key in keys}
