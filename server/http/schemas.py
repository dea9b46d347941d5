"""The ground that every request and response model stands on."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from server.clock import SHANGHAI

T = TypeVar("T")

# ISO 8601 with offset, in Beijing's wall-clock time, to the second.
Moment = Annotated[
    datetime,
    PlainSerializer(lambda at: at.astimezone(SHANGHAI).isoformat(timespec="seconds"), return_type=str),
]


def _printable(text: str) -> str:
    if any(ord(character) < 32 and character not in "\n\t" for character in text) or "\x7f" in text:
        raise ValueError("不能包含控制字符")
    text.encode()  # lone surrogates raise UnicodeEncodeError, a ValueError
    return text


Text = Annotated[str, AfterValidator(_printable)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_printable)]


class Body(BaseModel):
    """A request body or query: unknown names are refused, so nothing is assigned by accident."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """What is answered."""

    model_config = ConfigDict(from_attributes=True)


class Listing(View, Generic[T]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None = None


class PageQuery(Body):
    cursor: Line | None = None
    limit: int = Field(20, ge=1, le=100)


class Nothing(View):
    """An empty answer: {}."""
