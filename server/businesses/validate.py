"""`validate`: the closed vocabulary of format rules for one answer, and the one function that applies them."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Literal, NamedTuple, Self

from pydantic import field_validator, model_validator

from server.businesses.record import Basis, Record, Text
from server.clock import today

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_REFUSED = "refuse"


class Rule(StrEnum):
    """Named as the keys of config/validators.yaml; applied in this order, the first error ends it."""

    MAX = "max"
    ANY_OF = "any_of"
    REGEX = "regex"
    DATE_PART = "date_part"
    CHECKSUM = "checksum"
    TYPICAL = "typical"


class Checksum(StrEnum):
    GB11643 = "gb11643"


class Level(StrEnum):
    ERROR = "error"
    WARN = "warn"
    HINT = "hint"


class Finding(NamedTuple):
    level: Level
    code: str
    message: str | None


class Route(Record):
    """What a value of this shape is taken for: the name of one of `any_of`, or `refuse`."""

    regex: Text
    use: Text


class Validator(Record):
    """`any_of`: the first route whose shape fits decides the kind; without one, any kind that accepts will do."""

    name: Text
    message: Text | None = None
    max: int | None = None
    any_of: tuple["Validator", ...] | None = None
    routes: tuple[Route, ...] = ()
    regex: Text | None = None
    date_part: Text | None = None  # its group is a calendar date not after today: YYYYMMDD or YYYY-MM-DD
    date_message: Text | None = None
    checksum: Checksum | None = None
    checksum_policy: Level = Level.ERROR
    checksum_message: Text | None = None
    typical: Text | None = None
    typical_message: Text | None = None
    normalise: Literal["upper"] | None = None
    suggest: Literal["firms"] | None = None
    free_text: bool = False
    note: Text | None = None
    basis: Basis

    @field_validator("regex", "date_part", "typical")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            _compiled(pattern or "")
        except re.error as error:
            raise ValueError(f"不是正则表达式: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _routes_known(self) -> Self:
        known = {kind.name for kind in self.any_of or ()} | {_REFUSED}
        if unknown := [route.use for route in self.routes if route.use not in known]:
            raise ValueError(f"routes 指向不在 any_of 中的规则: {'、'.join(unknown)}")
        return self

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in Rule if getattr(self, rule.value) is not None)


def examine(validator: Validator, value: str) -> list[Finding]:
    """What is wrong with (or unusual about) a value; an error is the last finding."""
    found: list[Finding] = []
    for rule in validator.rules:
        for finding in _RULES[rule](validator, value):
            found.append(finding)
            if finding.level is Level.ERROR:
                return found
    return found


def normalised(validator: Validator | None, value: str) -> str:
    return value.upper() if validator is not None and validator.normalise == "upper" else value


def has_valid_checksum(value: str) -> bool:
    """GB 11643 (ISO 7064 MOD 11-2) over 17 digits and a check character."""
    if not re.fullmatch(r"\d{17}[\dX]", value, re.ASCII):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == value[17]


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _fits(pattern: str | None, value: str) -> bool:
    return _compiled(pattern or "").fullmatch(value) is not None


def _error(validator: Validator, message: str | None = None) -> Finding:
    return Finding(Level.ERROR, "format", message or validator.message)


def _max(validator: Validator, value: str) -> Iterator[Finding]:
    if len(value) > (validator.max or 0):
        yield _error(validator)


def _regex(validator: Validator, value: str) -> Iterator[Finding]:
    if not _fits(validator.regex, value):
        yield _error(validator)


def _any_of(validator: Validator, value: str) -> Iterator[Finding]:
    kinds = validator.any_of or ()
    route = next((route for route in validator.routes if _fits(route.regex, value)), None)
    if route is not None:
        kinds = tuple(kind for kind in kinds if kind.name == route.use)
    results = [examine(kind, value) for kind in kinds]
    accepted = [findings for findings in results if not _refuses(findings)]
    if accepted:
        yield from min(accepted, key=len)
    elif len(results) == 1:
        yield _error(validator, results[0][-1].message)
    else:
        yield _error(validator)


def _refuses(findings: list[Finding]) -> bool:
    return any(finding.level is Level.ERROR for finding in findings)


def _date_part(validator: Validator, value: str) -> Iterator[Finding]:
    match = _compiled(validator.date_part or "").match(value)
    day = _calendar_date(match.group(1)) if match else None
    if day is None or day > today():
        yield _error(validator, validator.date_message)


def _calendar_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _checksum(validator: Validator, value: str) -> Iterator[Finding]:
    if not has_valid_checksum(value.upper()):
        yield Finding(validator.checksum_policy, "checksum", validator.checksum_message or validator.message)


def _typical(validator: Validator, value: str) -> Iterator[Finding]:
    if not _fits(validator.typical, value):
        yield Finding(Level.HINT, "untypical", validator.typical_message or validator.message)


_RULES: dict[Rule, Callable[[Validator, str], Iterator[Finding]]] = {
    Rule.MAX: _max,
    Rule.ANY_OF: _any_of,
    Rule.REGEX: _regex,
    Rule.DATE_PART: _date_part,
    Rule.CHECKSUM: _checksum,
    Rule.TYPICAL: _typical,
}
