"""Writing and reading rows of the register: personal data sealed, masked by default."""

from typing import Any
from uuid import UUID

from models.base import new_id
from models.roster import Cpa, Firm
from server import clock, crypto
from server.roster.initials import initials_of


async def add_firm(number: str, name: str, *, outside: bool = False) -> Firm:
    return await Firm.create(
        created_at=clock.now(), number=number, name=name, initials=initials_of(name), outside=outside
    )


async def add_cpa(
    firm_id: UUID | None, name: str, cpa_no: str, id_number: str | None = None, mobile: str | None = None
) -> Cpa:
    """`firm_id` None: under association custody."""
    id_ = new_id()
    return await Cpa.create(
        id=id_,
        created_at=clock.now(),
        firm_id=firm_id,
        name=name,
        cpa_no=cpa_no,
        **sealed_id_number(id_, id_number),
        mobile=sealed_mobile(id_, mobile),
    )


def sealed_id_number(cpa_id: UUID, id_number: str | None) -> dict[str, Any]:
    """The two columns of an ID number."""
    if not id_number:
        return {"id_number": None, "id_number_index": None}
    sealed = crypto.seal(id_number, f"cpa.id_number:{cpa_id}")
    return {"id_number": sealed, "id_number_index": crypto.blind_index(id_number)}


def sealed_mobile(cpa_id: UUID, mobile: str | None) -> str | None:
    return crypto.seal(mobile, f"cpa.mobile:{cpa_id}") if mobile else None


def id_number_of(cpa: Cpa) -> str:
    """In clear; empty when unknown."""
    return crypto.unseal(cpa.id_number, f"cpa.id_number:{cpa.id}") if cpa.id_number else ""


def mobile_of(cpa: Cpa) -> str:
    """In clear; empty when unknown."""
    return crypto.unseal(cpa.mobile, f"cpa.mobile:{cpa.id}") if cpa.mobile else ""
