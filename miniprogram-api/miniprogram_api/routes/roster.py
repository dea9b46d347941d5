"""选择办理人员 (manual §3.2) and suggestions of firm names (manual §3.3)."""

from sanic import Blueprint

from miniprogram_api.schemas.roster import CpaView, FirmName, FirmQuery, RosterQuery
from server.http.call import Call
from server.http.endpoint import APPLICANT, endpoint
from server.http.schemas import Listing
from server.roster.search import Scope, find_cpas, suggest_firms

blueprint = Blueprint("roster", url_prefix="/api/v1")


@endpoint(blueprint, "GET /roster", access=APPLICANT)
async def roster(call: Call, query: RosterQuery) -> Listing[CpaView]:
    """本所注师，可按姓名、证号、身份证号搜索；代管注师只有本人（手册 3.2）"""
    scope = Scope(call.caller.firm_id, call.caller.cpa_id)
    page, cursor = await find_cpas(scope, query.q, cursor=query.cursor, limit=query.limit)
    return Listing(items=[CpaView.of(cpa) for cpa in page], next_cursor=cursor)


@endpoint(blueprint, "GET /firms", access=APPLICANT)
async def firms(call: Call, query: FirmQuery) -> Listing[FirmName]:
    """事务所名称提示，支持开头、任意部分、拼音首字母（手册 3.3）"""
    return Listing(items=[FirmName(name=name) for name in await suggest_firms(query.q)])
