"""`when`: the closed vocabulary of conditions over a form's answers, and the one function that evaluates it."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, StrictStr, model_validator

from server.businesses.record import Record


class ApplicantKind(StrEnum):
    FIRM = "firm"
    CUSTODY = "custody"


class Operator(StrEnum):
    EQ = "eq"
    IN = "in"
    CONTAINS_ANY = "contains_any"
    APPLICANT = "applicant"
    ALL = "all"
    ANY = "any"
    NOT = "not"


_OF_A_FIELD = frozenset({Operator.EQ, Operator.IN, Operator.CONTAINS_ANY})


class Condition(Record, strict=False):
    """Exactly one operator; {field, eq}, {field, in}, {field, contains_any}, {applicant}, {all}, {any}, {not}."""

    field: StrictStr | None = None
    eq: StrictStr | None = None
    one_of: tuple[StrictStr, ...] | None = Field(None, alias="in", min_length=1)
    contains_any: tuple[StrictStr, ...] | None = Field(None, min_length=1)
    applicant: ApplicantKind | None = None
    every: tuple["Condition", ...] | None = Field(None, alias="all", min_length=1)
    some: tuple["Condition", ...] | None = Field(None, alias="any", min_length=1)
    negated: "Condition | None" = Field(None, alias="not")

    @model_validator(mode="after")
    def _one_operator(self) -> Self:
        given = self._given()
        if len(given) != 1:
            raise ValueError("条件必须恰好有一个运算: " + "、".join(Operator))
        if (given[0] in _OF_A_FIELD) != (self.field is not None):
            raise ValueError("eq、in、contains_any 须与 field 同用，其余不得有 field")
        return self

    def _given(self) -> list[Operator]:
        operands = (
            self.eq,
            self.one_of,
            self.contains_any,
            self.applicant,
            self.every,
            self.some,
            self.negated,
        )
        return [operator for operator, operand in zip(Operator, operands, strict=True) if operand is not None]

    @property
    def operator(self) -> Operator:
        return self._given()[0]

    @property
    def operands(self) -> tuple[str, ...]:
        """The values that the named field is compared with."""
        return self.one_of or self.contains_any or ((self.eq,) if self.eq is not None else ())

    @property
    def parts(self) -> tuple["Condition", ...]:
        return self.every or self.some or ((self.negated,) if self.negated else ())


def evaluate(when: Condition | None, form: Mapping[str, Any], applicant: str) -> bool:
    """Whether the condition holds; none always does, an unanswered field equals nothing. Never raises."""
    return when is None or _EVALUATORS[when.operator](when, form, applicant)


def leaves(when: Condition | None) -> Iterator[Condition]:
    """The comparisons a condition is made of, depth first."""
    if when is not None:
        if not when.parts:
            yield when
        for part in when.parts:
            yield from leaves(part)


def fields_named(when: Condition | None) -> set[str]:
    return {leaf.field for leaf in leaves(when) if leaf.field is not None}


_Evaluator = Callable[[Condition, Mapping[str, Any], str], bool]


def _answer(when: Condition, form: Mapping[str, Any]) -> Any:
    return form.get(when.field or "")


def _contains_any(when: Condition, form: Mapping[str, Any], _: str) -> bool:
    answer = _answer(when, form)
    return isinstance(answer, list | tuple) and any(value in answer for value in when.operands)


_EVALUATORS: dict[Operator, _Evaluator] = {
    Operator.EQ: lambda when, form, _: bool(_answer(when, form) == when.eq),
    Operator.IN: lambda when, form, _: _answer(when, form) in when.operands,
    Operator.CONTAINS_ANY: _contains_any,
    Operator.APPLICANT: lambda when, _, applicant: applicant == when.applicant,
    Operator.ALL: lambda when, form, applicant: all(evaluate(part, form, applicant) for part in when.parts),
    Operator.ANY: lambda when, form, applicant: any(evaluate(part, form, applicant) for part in when.parts),
    Operator.NOT: lambda when, form, applicant: not any(evaluate(part, form, applicant) for part in when.parts),
}
