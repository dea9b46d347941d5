"""协会通知: written, looked over, published, followed and cancelled by staff (manual §7)."""

from uuid import UUID

from sanic import Blueprint

from console_api.schemas.notices import (
    NoticeChange,
    NoticeDetail,
    NoticeQuery,
    NoticeRequest,
    NoticeView,
    PreviewView,
)
from models.notices import Notice
from server.http.call import Call
from server.http.endpoint import endpoint, staff
from server.http.schemas import Listing
from server.notices import audience, drafts, publish
from server.notices.progress import progress_of

blueprint = Blueprint("console_notices", url_prefix="/console/v1")

_EDITOR = staff("notices")


@endpoint(blueprint, "GET /notices", access=_EDITOR)
async def list_notices(call: Call, query: NoticeQuery) -> Listing[NoticeView]:
    """通知列表，新的在前"""
    rows, cursor = await drafts.list_notices(query.state, query.cursor, query.limit)
    return Listing[NoticeView](items=[NoticeView.model_validate(row) for row in rows], next_cursor=cursor)


@endpoint(blueprint, "POST /notices", access=_EDITOR, status=201)
async def write_notice(call: Call, body: NoticeRequest) -> NoticeDetail:
    """起草一条通知，不会发出"""
    return await _detail(await drafts.write_notice(body.text(), call.caller.actor))


@endpoint(blueprint, "GET /notices/<notice_id>", access=_EDITOR)
async def show_notice(call: Call, notice_id: UUID) -> NoticeDetail:
    """一条通知及其进度"""
    return await _detail(await drafts.find_notice(notice_id))


@endpoint(blueprint, "PATCH /notices/<notice_id>", access=_EDITOR, headers=("if-match",))
async def change_notice(call: Call, notice_id: UUID, body: NoticeChange) -> NoticeDetail:
    """修改草稿"""
    notice = await drafts.change_notice(notice_id, call.if_match(), body.changes(), call.caller.actor)
    return await _detail(notice)


@endpoint(blueprint, "GET /notices/<notice_id>/preview", access=_EDITOR)
async def preview(call: Call, notice_id: UUID) -> PreviewView:
    """如果现在发布，会通知到多少账号、发出多少条微信"""
    notice = await drafts.find_notice(notice_id)
    return PreviewView.model_validate(await audience.preview(audience.audience_of(notice)))


@endpoint(blueprint, "POST /notices/<notice_id>/publish", access=_EDITOR)
async def publish_notice(call: Call, notice_id: UUID) -> NoticeDetail:
    """发布，由后台逐批通知；进度见通知详情"""
    return await _detail(await publish.publish_notice(notice_id, call.caller.actor))


@endpoint(blueprint, "POST /notices/<notice_id>/cancel", access=_EDITOR)
async def cancel_notice(call: Call, notice_id: UUID) -> NoticeDetail:
    """取消：未发出的不再发送，已发出的不收回"""
    return await _detail(await publish.cancel_notice(notice_id, call.caller.actor))


async def _detail(notice: Notice) -> NoticeDetail:
    return NoticeDetail.of(notice, await progress_of(notice))
