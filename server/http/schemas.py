"""The ground that every request and response model stands on."""

from datetime import date, datetime
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

# A day the calendar can tell: the lunar holidays are known for this century, and no zone shifts it out of range.
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Start = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]  # of a slot, HH:MM
# Names that stand in columns so wide: the ORM refuses longer ones even in a search.
Code = Annotated[Line, Field(max_length=32)]  # a desk, a business, an account's number
Key = Annotated[Line, Field(max_length=64)]  # a material, an object's id


class Body(BaseModel):
    """A request body or query: unknown names are refused, so nothing is assigned by accident."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class View(BaseModel):
    """What is answered."""

    model_config = ConfigDict(from_attributes=True, defer_build=True)


class Listing(View, Generic[T]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None = None


class PageQuery(Body):
    cursor: Line | None = None
    limit: int = Field(20, ge=1, le=100)


class Nothing(View):
    """An empty answer: {}."""
