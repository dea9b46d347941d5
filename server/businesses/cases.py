"""The evaluator's cases as JSON (config/cases/conditions.json), so that clients evaluate alike.

`python -m server.businesses.cases` writes the file again after the catalogue has changed.
"""

import json
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

from server.businesses.conditions import ApplicantKind, Condition, evaluate, fields_named
from server.businesses.consistency import conditions_of
from server.businesses.load import CONFIG, Catalogue, load
from server.businesses.record import Form
from server.businesses.requirements import requirements
from server.businesses.schema import Business, FormField
from server.businesses.vocabulary import FieldType

FILE = CONFIG / "cases" / "conditions.json"

_FORMS: tuple[Form, ...] = ({}, {"a": "x"}, {"a": "y", "b": ["p"]}, {"a": "z", "b": ["q", "r"]}, {"a": "x", "b": []})
_WHENS: tuple[dict[str, Any], ...] = (
    {"field": "a", "eq": "x"},
    {"field": "a", "in": ["x", "y"]},
    {"field": "b", "contains_any": ["p", "q"]},
    {"field": "b", "eq": "p"},
    {"field": "a", "contains_any": ["x"]},
    {"applicant": "firm"},
    {"all": [{"field": "a", "eq": "y"}, {"field": "b", "contains_any": ["p"]}]},
    {"any": [{"field": "a", "eq": "x"}, {"field": "b", "contains_any": ["r"]}]},
    {"any": [{"applicant": "custody"}, {"field": "a", "eq": "z"}]},
    {"not": {"field": "a", "eq": "x"}},
    {"not": {"all": [{"applicant": "firm"}, {"not": {"field": "b", "contains_any": ["p"]}}]}},
)


def export_cases(of: Catalogue) -> dict[str, Any]:
    """{"evaluator": [{when, form, applicant, expected}], "businesses": {key: [{form, applicant, fields, …}]}}"""
    return {
        "evaluator": [_case(when, form, kind) for when in _WHENS for form in _FORMS for kind in ApplicantKind],
        "businesses": {key: list(_business_cases(business)) for key, business in of.businesses.items()},
    }


def as_text(cases: dict[str, Any]) -> str:
    """One case a line, so that a change of the catalogue reads as a change of cases."""
    evaluator = ",\n".join("  " + _line(case) for case in cases["evaluator"])
    rows = ((key, ",\n".join("   " + _line(case) for case in own)) for key, own in cases["businesses"].items())
    businesses = ",\n".join(f'  "{key}": [\n{lines}\n  ]' for key, lines in rows)
    return f'{{\n "evaluator": [\n{evaluator}\n ],\n "businesses": {{\n{businesses}\n }}\n}}\n'


def write_cases(path: Path = FILE) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(as_text(export_cases(load())), "utf-8")


def deciding_forms(business: Business) -> Iterator[Form]:
    """Every combination of answers that any condition of the business asks about; many choices in part."""
    keys = {key for _, condition in conditions_of(business) for key in fields_named(condition)}
    fields = [field for field in business.fields if field.key in keys]
    for answers in product(*(_answers(field) for field in fields)):
        yield {field.key: answer for field, answer in zip(fields, answers, strict=True) if answer is not None}


def _answers(field: FormField) -> list[str | list[str] | None]:
    if field.type is not FieldType.CHECKBOX:
        return [None, *field.values]
    singles = [[value] for value in field.values]
    return [None, *singles, *(list(pair) for pair in combinations(field.values, 2)), list(field.values)]


def _case(when: dict[str, Any], form: Form, applicant: ApplicantKind) -> dict[str, Any]:
    expected = evaluate(Condition.read(when), form, applicant)
    return {"when": when, "form": form, "applicant": applicant.value, "expected": expected}


def _business_cases(business: Business) -> Iterator[dict[str, Any]]:
    for applicant in business.applicants:
        for form in deciding_forms(business):
            found = requirements(business, form, applicant)
            yield {
                "applicant": applicant.value,
                "form": form,
                "fields": [field.key for field in found.fields],
                "required": [field.key for field in found.fields if field.key in found.required],
                "materials": [material.key for material in found.materials],
                "required_materials": [m.key for m in found.materials if m.key in found.required_materials],
                "path": found.path.value if found.path else None,
            }


def _line(case: dict[str, Any]) -> str:
    return json.dumps(case, ensure_ascii=False)


if __name__ == "__main__":
    write_cases()
