"""The shape of the matrix: one row a route, saying who may, on what, and what everybody else is told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.server.http.cast import STAFF, Actor, Who
from tests.server.http.client import Order
from tests.server.http.stage import Stage

EVERYBODY = frozenset(Who)
FIRMS = frozenset({Who.FIRM, Who.OTHER_FIRM})
OWNERS = frozenset({Who.FIRM, Who.CUSTODY})
STRANGERS = frozenset({Who.OTHER_FIRM, Who.OTHER_CUSTODY})
APPLICANTS = OWNERS | STRANGERS
REVIEW = frozenset({Who.REVIEWER, Who.ADMIN})
DESK = frozenset({Who.CLERK, Who.ADMIN})
EDITORS = frozenset({Who.EDITOR, Who.ADMIN})
ADMIN = frozenset({Who.ADMIN})
NOBODYS = "404 not_found"

_NO_LOGIN = {
    Who.ANONYMOUS: "401 unauthenticated",
    Who.FORGED: "401 session_expired",
    Who.EXPIRED: "401 session_expired",
    Who.DISABLED: "401 session_expired",
}
# What those who may not are told, by whose route it is.
AT_PUBLIC_DOOR: dict[Who, str] = {}
AT_APPLICANTS_DOOR = _NO_LOGIN | {Who.INCOMPLETE: "403 must_complete_profile"} | dict.fromkeys(STAFF, "403 forbidden")
AT_FIRST_LOGIN = (
    _NO_LOGIN | dict.fromkeys(APPLICANTS, "409 profile_already_complete") | dict.fromkeys(STAFF, "403 forbidden")
)
AT_STAFF_DOOR = _NO_LOGIN | dict.fromkeys({Who.INCOMPLETE} | APPLICANTS | STAFF, "403 forbidden")

# The order is for a thing of `owner`; `by` is who will send it (a reviewer needs a claim of his own).
Make = Callable[[Stage, Actor, Actor], Awaitable[Order]]


@dataclass(frozen=True)
class Row:
    """`may`: who is answered with `ok`. `stranger`: what applicants are told of another's thing; without it nobody's
    thing is asked for, and every applicant has his own. `door`: what all others are told."""

    may: frozenset[Who]
    door: dict[Who, str]
    make: Make
    ok: int = 200
    stranger: str = ""

    def expected(self, who: Who) -> str:
        if self.stranger and who in STRANGERS:
            return self.stranger
        return str(self.ok) if who in self.may else self.door[who]


async def nothing(stage: Stage, owner: Actor, by: Actor) -> Order:
    """The route asks for nothing."""
    return Order()


def public(make: Make = nothing, ok: int = 200) -> Row:
    return Row(EVERYBODY, AT_PUBLIC_DOOR, make, ok)


def applicants(make: Make = nothing, ok: int = 200, may: frozenset[Who] = APPLICANTS) -> Row:
    """Everyone with an account of his own, about himself."""
    return Row(may, AT_APPLICANTS_DOOR, make, ok)


def owners(make: Make, ok: int = 200, stranger: str = NOBODYS) -> Row:
    """Those whose thing it is; it does not exist for others."""
    return Row(OWNERS, AT_APPLICANTS_DOOR, make, ok, stranger)


def staff(may: frozenset[Who], make: Make = nothing, ok: int = 200) -> Row:
    return Row(may, AT_STAFF_DOOR, make, ok)
