"""提醒发送: what became of each message, pauses, alerts and the daily digest of failures."""

from uuid import UUID

from sanic import Blueprint

from console_api.schemas.sending import (
    AlertQuery,
    AlertView,
    DigestView,
    PauseRequest,
    PausesView,
    PauseView,
    ReachView,
    SentMessageQuery,
    SentMessageView,
)
from server.http.call import Call
from server.http.endpoint import endpoint, staff
from server.http.schemas import Listing, Nothing, PageQuery
from server.messages import alerts, digests, pauses
from server.messages.reach import Wanted, list_sent_messages, reach_of
from server.messages.scopes import known_scopes, pause_scope

blueprint = Blueprint("console_sending", url_prefix="/console/v1")

RIGHT = staff("deliveries")


@endpoint(blueprint, "GET /messages", access=RIGHT)
async def list_messages(call: Call, query: SentMessageQuery) -> Listing[SentMessageView]:
    """站内消息，新的在前；已读未读"""
    rows, cursor = await list_sent_messages(Wanted(**query.model_dump()))
    return Listing[SentMessageView](items=[SentMessageView.of(*row) for row in rows], next_cursor=cursor)


@endpoint(blueprint, "GET /messages/<message_id>/deliveries", access=RIGHT)
async def reach(call: Call, message_id: UUID) -> ReachView:
    """一条消息到达了谁：站内、微信、短信各自的状态、时间、原因与处理办法"""
    return ReachView.of(await reach_of(message_id))


@endpoint(blueprint, "GET /pauses", access=RIGHT)
async def list_pauses(call: Call) -> PausesView:
    """暂停发送的渠道与模板，各有几条在等"""
    found = [PauseView.of(pause, await pauses.count_held(pause.scope)) for pause in await pauses.list_pauses()]
    return PausesView(items=found, scopes=known_scopes())


@endpoint(blueprint, "POST /pauses", access=RIGHT, status=201)
async def pause(call: Call, body: PauseRequest) -> PauseView:
    """暂停一个渠道或模板，留痕；微信暂停超过30分钟的提醒改发短信"""
    made = await pause_scope(body.scope, body.reason, call.caller.actor)
    return PauseView.of(made, await pauses.count_held(made.scope))


@endpoint(blueprint, "DELETE /pauses/<pause_id>", access=RIGHT)
async def resume(call: Call, pause_id: UUID) -> Nothing:
    """恢复发送，留痕；待发的随即发出，已作废的不再发"""
    found = await pauses.find_pause(pause_id)
    await pauses.resume(found.scope, call.caller.actor)
    return Nothing()


@endpoint(blueprint, "GET /alerts", access=RIGHT)
async def list_alerts(call: Call, query: AlertQuery) -> Listing[AlertView]:
    """告警，新的在前；同一故障只告警一次并计数"""
    rows, cursor = await alerts.list_alerts(**query.model_dump())
    return Listing[AlertView](items=[AlertView.of(row) for row in rows], next_cursor=cursor)


@endpoint(blueprint, "POST /alerts/<alert_id>/resolve", access=RIGHT)
async def resolve(call: Call, alert_id: UUID) -> AlertView:
    """标记为已处理，留痕"""
    return AlertView.of(await alerts.resolve_alert(alert_id, call.caller.actor))


@endpoint(blueprint, "GET /digests", access=RIGHT)
async def list_digests(call: Call, query: PageQuery) -> Listing[DigestView]:
    """每日发送失败汇总，新的在前"""
    rows, cursor = await digests.list_digests(**query.model_dump())
    return Listing[DigestView](items=[DigestView.of(row) for row in rows], next_cursor=cursor)
