"""config/cases/conditions.json: up to date, and telling of every operator."""

import json

from server.businesses import ApplicantKind, Condition, catalogue, evaluate, requirements
from server.businesses.cases import FILE, as_text, deciding_forms, export_cases
from server.businesses.conditions import Operator


def test_the_committed_file_is_up_to_date() -> None:
    """After a change of the catalogue: python -m server.businesses.cases"""
    assert FILE.read_text("utf-8") == as_text(export_cases(catalogue()))


def test_every_operator_has_cases_that_hold_and_cases_that_do_not() -> None:
    seen: dict[str, set[bool]] = {operator.value: set() for operator in Operator}

    for case in json.loads(FILE.read_text("utf-8"))["evaluator"]:
        (operator,) = set(case["when"]) - {"field"}
        seen[operator].add(case["expected"])

    assert seen == {operator.value: {True, False} for operator in Operator}


def test_the_file_can_be_replayed() -> None:
    cases = json.loads(FILE.read_text("utf-8"))

    for case in cases["evaluator"]:
        assert evaluate(Condition.read(case["when"]), case["form"], case["applicant"]) is case["expected"]
    for key, own in cases["businesses"].items():
        for case in own:
            found = requirements(catalogue().businesses[key], case["form"], case["applicant"])
            assert [material.key for material in found.materials] == case["materials"]


def test_every_field_and_material_of_every_business_is_reached() -> None:
    for business in catalogue().businesses.values():
        fields, materials, paths = set(), set(), set()
        for applicant in ApplicantKind:
            for form in deciding_forms(business):
                found = requirements(business, form, applicant)
                fields |= {field.key for field in found.fields}
                materials |= {material.key for material in found.materials}
                paths |= {found.path}
        assert fields == {field.key for field in business.fields}
        assert materials == {material.key for material in business.materials}
        assert paths - {None} == {choice.path for choice in business.paths}
