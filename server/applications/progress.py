"""What happens next, and who has to do it: computed from the state, never stored. The words: config/states.yaml."""

from dataclasses import dataclass
from datetime import date

from models.applications import Application, State
from server.businesses import catalogue


@dataclass(frozen=True)
class NextAction:
    """`who`: applicant, staff or nobody; `by_when`: the last date, where there is one."""

    who: str
    what: str
    by_when: date | None
    why: str


def next_action(application: Application, *, remark: str = "", visit_on: date | None = None) -> NextAction:
    """`remark`: what the last review said; `visit_on`: the day of the live appointment."""
    words = catalogue().states.statuses[application.state].next
    by_when = {State.BOOKED: visit_on or application.expires_on, State.APPROVED_TO_BOOK: application.expires_on}
    why = remark if remark and application.state is State.REJECTED else words.why
    return NextAction(words.who, words.what, by_when.get(application.state), why)
