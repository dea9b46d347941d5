"""What never changes of an application, whose it is and of which business: read once a process, many at a time."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from models.applications import Application
from server.accounts.caller import Caller
from server.appointments.refusals import MixedBusinesses
from server.errors import NotFound
from server.together import Together

_MOST = 20_000


class Subject(NamedTuple):
    account_id: UUID
    business: str


_known: dict[UUID, Subject] = {}


async def business_of(caller: Caller, ids: Sequence[UUID]) -> str:
    """The one business of these applications of the caller's. Raises NotFound or MixedBusinesses.

    A draft deleted since it was read still counts: only the transaction that books finds it gone.
    """
    found: Sequence[Subject | None] = [_known.get(id_) for id_ in ids]
    if None in found:
        found = await _asked(ids)
    businesses = set()
    for subject in found:
        if subject is None or subject.account_id != caller.account_id:
            raise NotFound
        businesses.add(subject.business)
    if len(businesses) != 1:
        raise MixedBusinesses(field="application_ids")
    return businesses.pop()


async def _read(questions: Sequence[Sequence[UUID]]) -> list[list[Subject | None]]:
    wanted = {id_ for ids in questions for id_ in ids}
    rows = await Application.filter(id__in=list(wanted)).values_list("id", "account_id", "business")
    found = {id_: Subject(account_id, business) for id_, account_id, business in rows}
    _known.update(found)
    while len(_known) > _MOST:
        del _known[next(iter(_known))]
    return [[found.get(id_) for id_ in ids] for ids in questions]


_asked: Together[Sequence[UUID], list[Subject | None]] = Together(_read)
