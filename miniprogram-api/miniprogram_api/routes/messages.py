"""消息中心: the caller's own messages."""

from uuid import UUID

from sanic import Blueprint

from miniprogram_api.schemas.messages import (
    MessageQuery,
    MessageView,
    NoticeText,
    OpenedMessage,
    ReadAllRequest,
    ReadAllResult,
    UnreadView,
)
from models.messages import MessageKind
from server.http.call import Call
from server.http.endpoint import APPLICANT, endpoint
from server.http.schemas import Listing
from server.messages import inbox
from server.notices.drafts import find_notice

blueprint = Blueprint("messages", url_prefix="/api/v1")


@endpoint(blueprint, "GET /messages", access=APPLICANT)
async def list_messages(call: Call, query: MessageQuery) -> Listing[MessageView]:
    """消息列表，新的在前."""
    page = await inbox.list_messages(call.caller.account_id, **query.model_dump())
    items = [MessageView.model_validate(message) for message in page.items]
    return Listing[MessageView](items=items, next_cursor=page.next_cursor)


@endpoint(blueprint, "GET /messages/unread", access=APPLICANT)
async def count_unread(call: Call) -> UnreadView:
    """未读数，用于红点."""
    counts = await inbox.unread_counts(call.caller.account_id)
    return UnreadView(system=counts[MessageKind.SYSTEM], notice=counts[MessageKind.NOTICE], total=sum(counts.values()))


@endpoint(blueprint, "POST /messages/read-all", access=APPLICANT)
async def read_all(call: Call, body: ReadAllRequest) -> ReadAllResult:
    """全部标记为已读，可只对一类."""
    return ReadAllResult(marked=await inbox.read_all(call.caller.account_id, body.kind))


@endpoint(blueprint, "GET /messages/<message_id>", access=APPLICANT)
async def open_message(call: Call, message_id: UUID) -> OpenedMessage:
    """查看一条消息，同时标记为已读；协会通知带标题和正文."""
    message = await inbox.open_message(call.caller.account_id, message_id)
    opened = OpenedMessage.model_validate(message)
    if message.notice_id:
        opened.notice = NoticeText.model_validate(await find_notice(message.notice_id))
    return opened
