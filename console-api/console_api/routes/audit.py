"""操作留痕, and the filing windows of 任职资格检查."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import Field
from sanic import Blueprint
from tortoise.exceptions import IntegrityError

from models.audit import AuditEntry
from models.businesses import FilingWindow
from server import clock
from server.audit.chain import verify_chain
from server.audit.trail import record
from server.businesses import find_business
from server.errors import Invalid
from server.http.call import Call
from server.http.endpoint import endpoint, staff
from server.http.schemas import Body, Line, Listing, Moment, PageQuery, View
from server.messages.inbox import parse_cursor
from server.transactions import in_transaction

blueprint = Blueprint("console_audit", url_prefix="/console/v1")


class AuditQuery(PageQuery):
    object_kind: Line | None = None
    object_id: Line | None = None
    actor_id: UUID | None = None


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
    linked: int
    unlinked_tail: int
    broken_at: int | None


class WindowRequest(Body):
    business: Line = "qualification_check"
    year: int = Field(ge=2000, le=2100)
    opens_on: date
    closes_on: date


class WindowView(View):
    id: UUID
    business: str
    year: int
    opens_on: date
    closes_on: date

    @classmethod
    def of(cls, row: FilingWindow) -> Self:
        return cls.model_validate(row)


class WindowBackwards(Invalid):
    code = "window_backwards"
    message = "截止日期不能早于开始日期"


@endpoint(blueprint, "GET /audit", access=staff("audit"))
async def audit(call: Call, query: AuditQuery) -> Listing[AuditRow]:
    """谁在何时做了什么、看了什么，新者在上"""
    rows = AuditEntry.all()
    for name in ("object_kind", "object_id", "actor_id"):
        if value := getattr(query, name):
            rows = rows.filter(**{name: value})
    if query.cursor:
        rows = rows.filter(id__lt=parse_cursor(query.cursor))
    found = await rows.order_by("-id").limit(query.limit + 1)
    page = [AuditRow.model_validate(row) for row in found[: query.limit]]
    return Listing[AuditRow](items=page, next_cursor=str(page[-1].id) if len(found) > query.limit else None)


@endpoint(blueprint, "GET /audit/verify", access=staff("audit"))
async def verify(call: Call) -> ChainView:
    """核对留痕的哈希链"""
    return ChainView.model_validate(await verify_chain())


@endpoint(blueprint, "GET /windows", access=staff("windows"))
async def windows(call: Call) -> Listing[WindowView]:
    """各年度的申报期"""
    return Listing[WindowView](items=[WindowView.of(row) for row in await FilingWindow.all().order_by("-year")])


@endpoint(blueprint, "POST /windows", access=staff("windows"), status=201)
async def open_window(call: Call, body: WindowRequest) -> WindowView:
    """开放或调整一个年度的申报期"""
    find_business(body.business)
    if body.closes_on < body.opens_on:
        raise WindowBackwards(field="closes_on")
    async with in_transaction():
        row = await _write(body)
        await record(call.caller.actor, "window.set", "window", f"{body.business}:{body.year}")
    return WindowView.of(row)


async def _write(body: WindowRequest) -> FilingWindow:
    dates = {"opens_on": body.opens_on, "closes_on": body.closes_on}
    known = FilingWindow.filter(business=body.business, year=body.year)
    if not await known.update(**dates):
        try:
            await FilingWindow(business=body.business, year=body.year, created_at=clock.now(), **dates).save()
        except IntegrityError:
            await known.update(**dates)
    return await known.get()
