"""The words of states, paths and actions (config/states.yaml); which steps exist is the lifecycle's business."""

from typing import Literal, Self

from pydantic import Field, model_validator

from models.applications import State
from server.businesses.record import Basis, Key, Record, Text
from server.businesses.vocabulary import Path


class NextWords(Record):
    """What has to happen next, who has to do it, and why."""

    who: Literal["applicant", "staff", "nobody"]
    what: Text
    why: Text
    basis: Basis


class StateWords(Record):
    label: Text
    next: NextWords
    basis: Basis
    terminal: bool = False
    manual_variant: Text | None = None


class PathWords(Record):
    """The states of an application for which nothing goes wrong, in order."""

    states: tuple[State, ...] = Field(min_length=2)
    basis: Basis


class ActionWords(Record):
    label: Text
    by: Text
    basis: Basis
    online_label: Text | None = None
    remark: Text | None = None
    remark_format: Text | None = None
    remark_separator: Text | None = None


class States(Record):
    statuses: dict[State, StateWords]
    paths: dict[Path, PathWords]
    actions: dict[Key, ActionWords]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if set(self.statuses) != set(State):
            raise ValueError("statuses 应为: " + "、".join(State))
        if set(self.paths) != set(Path):
            raise ValueError("paths 应为: " + "、".join(Path))
        return self
