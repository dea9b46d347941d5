"""The evaluator of `when`: seven operators, each with one meaning."""

from typing import Any

import pytest
from pydantic import ValidationError

from server.businesses import Condition, evaluate
from server.businesses.conditions import Operator, fields_named

FORM = {"retired": "no", "items": ["name", "cpa_no"], "empty": ""}


def holds(when: dict[str, Any], form: Any = None, applicant: str = "firm") -> bool:
    return evaluate(Condition.read(when), FORM if form is None else form, applicant)


def test_no_condition_always_holds() -> None:
    assert evaluate(None, {}, "firm") is True


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"field": "retired", "eq": "no"}, True),
        ({"field": "retired", "eq": "yes"}, False),
        ({"field": "missing", "eq": "no"}, False),
        ({"field": "empty", "eq": ""}, True),
        ({"field": "retired", "in": ["yes", "no"]}, True),
        ({"field": "retired", "in": ["yes"]}, False),
        ({"field": "items", "contains_any": ["id_number", "name"]}, True),
        ({"field": "items", "contains_any": ["id_number"]}, False),
        ({"field": "retired", "contains_any": ["no"]}, False),
        ({"applicant": "firm"}, True),
        ({"applicant": "custody"}, False),
        ({"all": [{"applicant": "firm"}, {"field": "retired", "eq": "no"}]}, True),
        ({"all": [{"applicant": "firm"}, {"field": "retired", "eq": "yes"}]}, False),
        ({"any": [{"applicant": "custody"}, {"field": "retired", "eq": "no"}]}, True),
        ({"any": [{"applicant": "custody"}, {"field": "retired", "eq": "yes"}]}, False),
        ({"not": {"field": "retired", "eq": "yes"}}, True),
        ({"not": {"not": {"field": "retired", "eq": "yes"}}}, False),
    ],
)
def test_an_operator_means_one_thing(when: dict[str, Any], expected: bool) -> None:
    assert holds(when) is expected


@pytest.mark.parametrize("answer", [None, 0, True, 1.5, {}, [], {"no": 1}, [["no"]], [None]])
def test_answers_of_other_types_equal_nothing(answer: Any) -> None:
    form = {"retired": answer, "items": answer}

    assert holds({"field": "retired", "eq": "no"}, form) is False
    assert holds({"field": "retired", "in": ["no"]}, form) is False
    assert holds({"field": "items", "contains_any": ["no"]}, form) is False


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"field": "retired"},
        {"eq": "no"},
        {"field": "retired", "eq": "no", "in": ["no"]},
        {"field": "retired", "eq": True},
        {"field": "retired", "in": []},
        {"field": "retired", "like": "n%"},
        {"applicant": "staff"},
        {"field": "retired", "applicant": "firm"},
        {"all": []},
    ],
)
def test_anything_else_is_not_a_condition(when: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Condition.read(when)


def test_a_condition_knows_the_fields_it_depends_on() -> None:
    when = Condition.read({"all": [{"field": "a", "eq": "x"}, {"not": {"any": [{"field": "b", "in": ["y"]}]}}]})

    assert fields_named(when) == {"a", "b"}
    assert when.operator is Operator.ALL


def test_a_condition_is_written_as_it_was_read() -> None:
    when = {"any": [{"field": "a", "in": ["x"]}, {"not": {"applicant": "firm"}}]}
    assert Condition.read(when).plain() == when
