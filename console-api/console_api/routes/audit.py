"""操作留痕: who decided and who read what, and whether the chain holds."""

from sanic import Blueprint

from console_api.schemas.audit import AuditQuery, AuditRow, ChainView
from server.audit.chain import verify_chain
from server.audit.entries import EntryFilter, list_entries
from server.http.call import Call
from server.http.endpoint import endpoint, staff
from server.http.schemas import Listing
from server.messages.inbox import parse_cursor

blueprint = Blueprint("console_audit", url_prefix="/console/v1")


@endpoint(blueprint, "GET /audit", access=staff("audit"))
async def audit(call: Call, query: AuditQuery) -> Listing[AuditRow]:
    """谁在何时做了什么、看了什么，新者在上"""
    wanted = EntryFilter(query.object_kind, query.object_id, query.actor_id, query.action)
    before = parse_cursor(query.cursor) if query.cursor else None
    found = await list_entries(wanted, before, query.limit + 1)
    page = [AuditRow.model_validate(row) for row in found[: query.limit]]
    return Listing[AuditRow](items=page, next_cursor=str(page[-1].id) if len(found) > query.limit else None)


@endpoint(blueprint, "GET /audit/verify", access=staff("audit"))
async def verify(call: Call) -> ChainView:
    """核对留痕的哈希链"""
    return ChainView.model_validate(await verify_chain())
