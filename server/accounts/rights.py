"""What each staff role may do, read strictly from config/roles.yaml."""

from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from server.businesses.files import parse_yaml

_FILE = Path(__file__).parents[2] / "config" / "roles.yaml"


class Role(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    label: str
    rights: list[str]


class Roles(BaseModel):
    """The table of roles. Raises pydantic.ValidationError when a role names a right that is not listed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    rights: dict[str, str]
    roles: dict[str, Role]

    @model_validator(mode="after")
    def _only_listed_rights(self) -> Self:
        for key, role in self.roles.items():
            if unknown := set(role.rights) - self.rights.keys():
                raise ValueError(f"roles.{key}: 未定义的权限 {', '.join(sorted(unknown))}")
        return self


def parse_roles(document: Any) -> Roles:
    return Roles.model_validate(document)


@cache
def roles() -> Roles:
    """config/roles.yaml, loaded once a process."""
    return parse_roles(parse_yaml(_FILE.read_text(encoding="utf-8")))


def rights_of(role: str) -> frozenset[str]:
    """The rights of a role; none for a role that the table does not know."""
    known = roles().roles.get(role)
    return frozenset(known.rights) if known else frozenset()
