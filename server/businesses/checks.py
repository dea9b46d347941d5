"""`check`: the closed vocabulary of rules over several answers at once."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field

from server.businesses.record import Basis, Record, Text
from server.businesses.validate import Level


class Check(StrEnum):
    FIELDS_DIFFER = "fields_differ"
    ACCOUNT_IS_ONE_OF = "account_is_one_of"


class CrossCheck(Record):
    """`severity` warn tells the applicant and the reviewer without refusing."""

    rule: Check
    fields: tuple[str, ...] = Field(min_length=2)
    severity: Level = Level.ERROR
    message: Text
    basis: Basis


def holds(check: CrossCheck, answers: Mapping[str, Any], unit: str) -> bool:
    """Whether the rule is kept; not judged before all its fields are answered. `unit`: the account's own name."""
    values = [answers.get(key) for key in check.fields]
    return not all(values) or _CHECKS[check.rule](values, unit)


_CHECKS: dict[Check, Callable[[list[Any], str], bool]] = {
    Check.FIELDS_DIFFER: lambda values, _: all(value not in values[:at] for at, value in enumerate(values)),
    Check.ACCOUNT_IS_ONE_OF: lambda values, unit: not unit or unit in values,
}
