"""选择办理人员 (manual §3.2): a firm's CPAs by name, CPA number or ID number; and suggestions of firm names."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from models.roster import Cpa, Firm
from server import crypto
from server.errors import Invalid, NotFound

SUGGESTIONS = 10
_SHORTEST_ID_NUMBER = 5


class WrongCursor(Invalid):
    code = "wrong_cursor"
    message = "翻页位置无效，请从第一页开始"


@dataclass(frozen=True)
class Scope:
    """Whose part of the register: a firm's CPAs, or one custody CPA alone. Neither: nobody."""

    firm_id: UUID | None
    cpa_id: UUID | None

    def rows(self) -> QuerySet[Cpa]:
        if self.firm_id:
            return Cpa.filter(firm_id=self.firm_id, active=True)
        return Cpa.filter(id=self.cpa_id, active=True) if self.cpa_id else Cpa.filter(id__in=[])


async def find_cpas(scope: Scope, q: str, *, cursor: str | None, limit: int) -> tuple[list[Cpa], str | None]:
    """One page ordered by CPA number, and the cursor of the next or None. Raises WrongCursor."""
    rows = scope.rows().filter(_matching(q.strip()))
    if cursor:
        cpa_no, id_ = _read_cursor(cursor)
        rows = rows.filter(Q(cpa_no__gt=cpa_no) | Q(cpa_no=cpa_no, id__gt=id_))
    found = await rows.order_by("cpa_no", "id").limit(limit + 1)
    page = found[:limit]
    return page, _write_cursor(page[-1]) if len(found) > limit else None


def _matching(q: str) -> Q:
    """Name and CPA number by any part; an ID number only as a whole, through its blind index."""
    if not q:
        return Q()
    by_part = Q(name__contains=q) | Q(cpa_no__icontains=q)
    if len(q) < _SHORTEST_ID_NUMBER:
        return by_part
    return by_part | Q(id_number_index=crypto.blind_index(q))


def _write_cursor(last: Cpa) -> str:
    return base64.urlsafe_b64encode(f"{last.id} {last.cpa_no}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[str, UUID]:
    try:
        id_, _, cpa_no = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return cpa_no, UUID(id_)
    except (binascii.Error, ValueError) as error:
        raise WrongCursor(field="cursor") from error


async def get_cpa(scope: Scope, cpa_id: UUID) -> Cpa:
    """Raises NotFound when the person is not in the scope."""
    cpa = await scope.rows().get_or_none(id=cpa_id)
    if cpa is None:
        raise NotFound
    return cpa


async def suggest_firms(q: str) -> list[str]:
    """At most ten names: those that begin with `q`, then by pinyin initials, then those that contain it."""
    typed = q.strip()
    if not typed:
        return []
    found: list[str] = []
    ways = (Q(name__startswith=typed), Q(initials__startswith=typed.lower()), Q(name__contains=typed))
    for way in ways:
        if len(found) < SUGGESTIONS:
            found += _new(await _names(way), found)
    return found[:SUGGESTIONS]


async def _names(way: Q) -> Sequence[str]:
    names = await Firm.filter(way).order_by("name").limit(SUGGESTIONS).values_list("name", flat=True)
    return [str(name) for name in names]


def _new(names: Sequence[str], known: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name not in known]
