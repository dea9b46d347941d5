"""选择办理人员 (manual §3.2) and firm names."""

from typing import Self
from uuid import UUID

from models.roster import Cpa
from server import crypto
from server.http.schemas import Body, Line, PageQuery, View
from server.roster.register import id_number_of, mobile_of


class RosterQuery(PageQuery):
    q: Line = ""


class FirmQuery(Body):
    q: Line = ""


class CpaView(View):
    """ID number and mobile are masked; choosing the person sends the id only."""

    id: UUID
    name: str
    cpa_no: str
    id_number: str
    mobile: str

    @classmethod
    def of(cls, cpa: Cpa) -> Self:
        return cls(
            id=cpa.id,
            name=cpa.name,
            cpa_no=cpa.cpa_no,
            id_number=crypto.mask(id_number_of(cpa)),
            mobile=crypto.mask(mobile_of(cpa)),
        )


class FirmName(View):
    name: str
