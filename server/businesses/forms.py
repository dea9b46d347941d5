"""Checking a form: a draft may be incomplete or wrong in format, a submission may be neither."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from server.businesses.answers import Answer, Fault, read_answers
from server.businesses.checks import holds
from server.businesses.prefill import Known, unit_of
from server.businesses.record import Form
from server.businesses.requirements import applicable_answers, applicable_fields, is_required
from server.businesses.schema import Business, FaultTexts, FormField
from server.businesses.validate import Finding, Level, examine


@dataclass(frozen=True)
class FormCheck:
    """`form`: the answers as they should be kept, trimmed and normalised; malformed ones are left out."""

    errors: list[Fault]
    warnings: list[Fault]
    form: dict[str, Answer]


def check_form(
    business: Business,
    form: Mapping[str, Any],
    applicant_kind: str,
    *,
    complete: bool,
    unchanged: Set[str] = frozenset(),
    account_name: str = "",
) -> FormCheck:
    """Errors refuse, warnings are shown. `unchanged`: keys still as the roster gave them, accepted as they are (A13).

    A draft (`complete` false) is refused for what cannot be kept: unknown fields, wrong types, unknown options,
    over-long values, control characters, `*` (D9). Faults of format are warnings there and errors at submit, when
    missing answers are errors too and answers of fields that do not apply are dropped from `form`.
    """
    answers, malformed = read_answers(business.fields, business.texts, business.max_answer, form)
    fields = applicable_fields(business, answers, applicant_kind)
    kept = applicable_answers(business, answers, applicant_kind)
    unit = unit_of(business, Known(applicant=applicant_kind, account_name=account_name))
    errors, warnings = _findings(fields, kept, business.texts, unchanged)
    _sort_cross_checks(business, kept, unit, errors, warnings)
    if not complete:
        return FormCheck(malformed, errors + warnings, answers)
    missing = _missing(fields, kept, applicant_kind, business.texts, {fault["field"] for fault in malformed})
    return FormCheck(_in_order(business.fields, malformed + missing + errors), warnings, kept)


def check_fields(fields: tuple[FormField, ...], business: Business, form: object, applicant: str) -> FormCheck:
    """A complete check of other fields than the form's own: what staff enter as a result."""
    answers, malformed = read_answers(fields, business.texts, business.max_answer, form)
    errors, warnings = _findings(fields, answers, business.texts, frozenset())
    known = {fault["field"] for fault in malformed}
    missing = _missing(fields, answers, applicant, business.texts, known)
    return FormCheck(_in_order(fields, malformed + missing + errors), warnings, answers)


def _findings(
    fields: Iterable[FormField], answers: Form, texts: FaultTexts, unchanged: Set[str]
) -> tuple[list[Fault], list[Fault]]:
    errors: list[Fault] = []
    warnings: list[Fault] = []
    for field in fields:
        if answer := answers.get(field.key):
            of_field = _format_faults(field, answer, texts)
            if field.key in unchanged:
                warnings += [_unchanged(field, texts)] if of_field[0] else of_field[1]
            else:
                errors += of_field[0]
                warnings += of_field[1]
            warnings += _value_warnings(field, answer)
    return errors, warnings


def _format_faults(field: FormField, answer: Answer, texts: FaultTexts) -> tuple[list[Fault], list[Fault]]:
    if isinstance(answer, list):
        few = field.min is not None and len(answer) < field.min
        message = texts.choose_min.format(label=field.label, min=field.min)
        return ([Fault(field=field.key, message=message, code="too_few")] if few else []), []
    if field.validator is None:
        return [], []
    findings = examine(field.validator, answer)
    errors = [_found(field, finding, texts) for finding in findings if finding.level is Level.ERROR]
    return errors, [_found(field, finding, texts) for finding in findings if finding.level is not Level.ERROR]


def _found(field: FormField, finding: Finding, texts: FaultTexts) -> Fault:
    message = finding.message or texts.format.format(label=field.label)
    return Fault(field=field.key, message=message, code=finding.code)


def _unchanged(field: FormField, texts: FaultTexts) -> Fault:
    return Fault(field=field.key, message=texts.unchanged.format(label=field.label), code="unchanged_roster_value")


def _value_warnings(field: FormField, answer: Answer) -> list[Fault]:
    if field.warn_if is None or answer != field.warn_if.value:
        return []
    return [Fault(field=field.key, message=field.warn_if.text, code="value_warning")]


def _sort_cross_checks(
    business: Business, answers: Form, unit: str, errors: list[Fault], warnings: list[Fault]
) -> None:
    for check in business.cross_checks:
        if not holds(check, answers, unit):
            fault = Fault(field=check.fields[-1], message=check.message, code=check.rule.value)
            (errors if check.severity is Level.ERROR else warnings).append(fault)


def _missing(
    fields: Iterable[FormField], answers: Form, applicant: str, texts: FaultTexts, malformed: Set[str]
) -> list[Fault]:
    return [
        Fault(field=field.key, message=_missing_text(field, texts), code="required")
        for field in fields
        if is_required(field, answers, applicant) and not answers.get(field.key) and field.key not in malformed
    ]


def _missing_text(field: FormField, texts: FaultTexts) -> str:
    return (texts.choose if field.is_choice else texts.required).format(label=field.label)


def _in_order(fields: Iterable[FormField], faults: list[Fault]) -> list[Fault]:
    order = {field.key: at for at, field in enumerate(fields)}
    return sorted(faults, key=lambda fault: order.get(fault["field"], len(order)))
