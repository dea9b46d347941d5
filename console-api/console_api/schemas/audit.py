"""Requests and answers of the audit trail and of filing windows."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from server.http.schemas import Body, Code, Day, Key, Line, Moment, PageQuery, View


class AuditQuery(PageQuery):
    object_kind: Code | None = None
    object_id: Key | None = None
    actor_id: UUID | None = None
    action: Annotated[Line, Field(max_length=48)] | None = None


class AuditRow(View):
    id: UUID
    created_at: Moment
    actor_name: str
    action: str
    object_kind: str
    object_id: str
    reason: str
    details: dict[str, Any]
    request_id: str
    seq: int | None


class ChainView(View):
    """`broken_at`: the first place that was tampered with, null when all holds. `head`: the last hash, to note down."""

    linked: int
    unlinked_tail: int
    broken_at: int | None
    head: str


class WindowRequest(Body):
    business: Line | None = Field(None, description="有申报期的业务；不填即任职资格检查")
    year: int = Field(ge=2000, le=2100)
    opens_on: Day
    closes_on: Day


class WindowView(View):
    id: UUID
    business: str
    year: int
    opens_on: date
    closes_on: date
