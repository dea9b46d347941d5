"""The base of everything read from config: frozen, strict, no unknown keys."""

import json
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Basis = Annotated[str, StringConstraints(pattern=r"^[MRP]")]  # M manual, R public rule, P proposal, then a note

Form = dict[str, Any]


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    @classmethod
    def read(cls, data: object) -> Self:
        """From plain data as YAML or JSON gives it (lists for tuples, strings for enums and dates), still strict."""
        return cls.model_validate_json(json.dumps(data, default=_date_text))

    def plain(self) -> dict[str, Any]:
        """As plain data with the names used in the files; `read` of it gives an equal record."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def _date_text(value: Any) -> str:
    """YAML reads an unquoted 2025-01-01 as a date."""
    return str(value.isoformat())
