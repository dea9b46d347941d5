"""微信绑定 (manual §10): the waiting page's side and the phone's side."""

from collections.abc import AsyncIterator
from uuid import UUID

from sanic import Blueprint

from miniprogram_api.schemas.wechat import (
    BindingView,
    BindThisPhoneRequest,
    ChooseRequest,
    ConfirmRequest,
    ConfirmView,
    NewTicketView,
    PreviewRequest,
    PreviewView,
    TicketRequest,
    TicketView,
)
from models.accounts import WechatApp
from server.accounts import tickets
from server.accounts.binding import confirm, preview
from server.accounts.bindings import list_bindings, unbind
from server.accounts.caller import Caller
from server.accounts.choice import choose
from server.accounts.mini_program import bind_this_phone
from server.http.call import Call, Stream
from server.http.endpoint import APPLICANT, PUBLIC, endpoint
from server.http.schemas import Listing, Nothing

blueprint = Blueprint("wechat", url_prefix="/api/v1")


@endpoint(blueprint, "GET /me/wechat", access=APPLICANT)
async def bindings(call: Call) -> Listing[BindingView]:
    """已绑定的微信（手册 10）"""
    return Listing(items=[BindingView.of(row) for row in await list_bindings(call.caller.account_id)])


@endpoint(blueprint, "POST /me/wechat", access=APPLICANT, status=201)
async def bind_phone(call: Call, body: BindThisPhoneRequest) -> BindingView:
    """在小程序内绑定当前微信；已绑定其他账号的须同意改绑"""
    wechat, limiter, views = await call.services.wechat(), call.services.limiter, call.services.session_views
    return BindingView.of(
        await bind_this_phone(call.caller, body.code, wechat.login, limiter=limiter, views=views, move=body.move)
    )


@endpoint(blueprint, "DELETE /me/wechat/<binding_id>", access=APPLICANT)
async def unbind_phone(call: Call, binding_id: UUID) -> Nothing:
    """解除绑定；小程序登录随之退出"""
    await unbind(call.caller, binding_id, views=call.services.session_views)
    return Nothing()


@endpoint(blueprint, "POST /me/wechat/tickets", access=APPLICANT, status=201)
async def new_ticket(call: Call, body: TicketRequest) -> NewTicketView:
    """绑定新账号（手册 10）：取得二维码，5分钟内有效；扫码关注服务号，或打开小程序"""
    services = call.services
    kind = body.kind or WechatApp(services.settings.wechat.binding_qr)
    qr = (await services.wechat()).qr[kind]
    return NewTicketView.of(await tickets.create_ticket(call.caller, kind, qr=qr, limiter=services.limiter))


@endpoint(blueprint, "GET /me/wechat/tickets/<public_id>", access=APPLICANT, media="text/event-stream")
async def ticket(call: Call, public_id: UUID) -> TicketView | Stream:
    """二维码的状态；Accept: text/event-stream 时随变化推送，直至结束"""
    found = await tickets.own_ticket(call.caller, public_id)
    if "text/event-stream" in (call.header("accept") or ""):
        return Stream(_events(call.caller, public_id))
    return TicketView.of(found)


async def _events(caller: Caller, public_id: UUID) -> AsyncIterator[bytes]:
    async for changed in tickets.watch(caller, public_id):
        yield b"event: state\ndata: " + TicketView.of(changed).model_dump_json().encode() + b"\n\n"


@endpoint(blueprint, "POST /me/wechat/tickets/<public_id>/choose", access=APPLICANT)
async def choose_number(call: Call, public_id: UUID, body: ChooseRequest) -> TicketView:
    """选择手机上显示的数字，选对后绑定完成"""
    return TicketView.of(await choose(call.caller, public_id, body.number, views=call.services.session_views))


@endpoint(blueprint, "POST /wechat/tickets/preview", access=PUBLIC)
async def preview_ticket(call: Call, body: PreviewRequest) -> PreviewView:
    """手机端：将要绑定的是谁的账号，以及该微信现在绑定的账号"""
    wechat = await call.services.wechat()
    return PreviewView.of(await preview(body.from_phone(), wechat.login))


@endpoint(blueprint, "POST /wechat/tickets/confirm", access=PUBLIC)
async def confirm_ticket(call: Call, body: ConfirmRequest) -> ConfirmView:
    """手机端：确认绑定，显示要在等待页面选择的数字；已绑定其他账号的须同意改绑"""
    wechat = await call.services.wechat()
    return ConfirmView(number=await confirm(body.from_phone(), wechat.login))
