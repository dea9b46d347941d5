"""What may happen to an application: three literal tables, one a path; a business only picks its path."""

from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from models.applications import State


class Action(StrEnum):
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    RETURN = "return"
    BOOK = "book"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    CHECK_IN = "check_in"
    COMPLETE = "complete"
    NO_SHOW = "no_show"
    CERTIFICATE_READY = "certificate_ready"
    CERTIFICATE_COLLECTED = "certificate_collected"
    EXPIRE = "expire"


class Who(StrEnum):
    APPLICANT = "applicant"
    STAFF = "staff"
    SYSTEM = "system"


class Step(NamedTuple):
    """Where an action leads and who may take it."""

    to: State
    who: tuple[Who, ...]


Table = dict[tuple[State, Action], Step]

_APPLICANT = (Who.APPLICANT,)
_STAFF = (Who.STAFF,)
_SYSTEM = (Who.SYSTEM,)

ON_SITE_CERTIFICATE: Table = {
    (State.DRAFT, Action.SUBMIT): Step(State.SUBMITTED, _APPLICANT),
    (State.SUBMITTED, Action.WITHDRAW): Step(State.DRAFT, _APPLICANT),
    (State.SUBMITTED, Action.RETURN): Step(State.REJECTED, _STAFF),
    (State.REJECTED, Action.SUBMIT): Step(State.SUBMITTED, _APPLICANT),
    (State.SUBMITTED, Action.APPROVE): Step(State.APPROVED_TO_BOOK, _STAFF),
    (State.APPROVED_TO_BOOK, Action.BOOK): Step(State.BOOKED, _APPLICANT),
    (State.APPROVED_TO_BOOK, Action.EXPIRE): Step(State.EXPIRED, _SYSTEM),
    (State.BOOKED, Action.RESCHEDULE): Step(State.BOOKED, _APPLICANT),
    (State.BOOKED, Action.CHECK_IN): Step(State.BOOKED, _STAFF),
    (State.BOOKED, Action.CANCEL): Step(State.APPROVED_TO_BOOK, (Who.APPLICANT, Who.STAFF)),
    (State.BOOKED, Action.NO_SHOW): Step(State.APPROVED_TO_BOOK, (Who.STAFF, Who.SYSTEM)),
    (State.BOOKED, Action.COMPLETE): Step(State.HANDLED_TO_PRINT, _STAFF),
    (State.HANDLED_TO_PRINT, Action.CERTIFICATE_READY): Step(State.PRINTED_TO_COLLECT, _STAFF),
    (State.PRINTED_TO_COLLECT, Action.CERTIFICATE_COLLECTED): Step(State.DONE, _STAFF),
}

ON_SITE_ONLY: Table = {
    (State.DRAFT, Action.SUBMIT): Step(State.SUBMITTED, _APPLICANT),
    (State.SUBMITTED, Action.WITHDRAW): Step(State.DRAFT, _APPLICANT),
    (State.SUBMITTED, Action.RETURN): Step(State.REJECTED, _STAFF),
    (State.REJECTED, Action.SUBMIT): Step(State.SUBMITTED, _APPLICANT),
    (State.SUBMITTED, Action.APPROVE): Step(State.APPROVED_TO_BOOK, _STAFF),
    (State.APPROVED_TO_BOOK, Action.BOOK): Step(State.BOOKED, _APPLICANT),
    (State.APPROVED_TO_BOOK, Action.EXPIRE): Step(State.EXPIRED, _SYSTEM),
    (State.BOOKED, Action.RESCHEDULE): Step(State.BOOKED, _APPLICANT),
    (State.BOOKED, Action.CHECK_IN): Step(State.BOOKED, _STAFF),
    (State.BOOKED, Action.CANCEL): Step(State.APPROVED_TO_BOOK, (Who.APPLICANT, Who.STAFF)),
    (State.BOOKED, Action.NO_SHOW): Step(State.APPROVED_TO_BOOK, (Who.STAFF, Who.SYSTEM)),
    (State.BOOKED, Action.COMPLETE): Step(State.DONE, _STAFF),
}

ONLINE_ONLY: Table = {
    (State.DRAFT, Action.SUBMIT): Step(State.SUBMITTED, _APPLICANT),
    (State.SUBMITTED, Action.WITHDRAW): Step(State.DRAFT, _APPLICANT),
    (State.SUBMITTED, Action.RETURN): Step(State.REJECTED, _STAFF),
    (State.REJECTED, Action.SUBMIT): Step(State.SUBMITTED, _APPLICANT),
    (State.SUBMITTED, Action.APPROVE): Step(State.APPROVED_TO_PROCESS, _STAFF),
    (State.APPROVED_TO_PROCESS, Action.COMPLETE): Step(State.DONE, _STAFF),
}

PATHS = MappingProxyType(
    {
        "on_site_certificate": ON_SITE_CERTIFICATE,
        "on_site_only": ON_SITE_ONLY,
        "online_only": ONLINE_ONLY,
    }
)

FINAL = frozenset({State.DONE, State.EXPIRED})
EDITABLE = frozenset({State.DRAFT, State.REJECTED})


def step_of(path: str, state: State, action: Action) -> Step | None:
    """A draft has no path yet (""): submitting decides it, so `path` is then the path it will take."""
    return PATHS[path].get((state, action)) if path else None


def allowed_actions(path: str, state: State) -> dict[Action, Step]:
    """What may happen next. A draft of whatever path can only be submitted."""
    table = PATHS[path or "online_only"]
    return {action: step for (at, action), step in table.items() if at == state}


def is_on_site(path: str) -> bool:
    """On-site follows from the path: an online one has nothing to book."""
    return bool(path) and (State.APPROVED_TO_BOOK, Action.BOOK) in PATHS[path]
