"""设置 (manual §10): 用户信息、修改密码."""

from sanic import Blueprint

from miniprogram_api.schemas.me import ContactRequest, MeView, PasswordRequest
from server.accounts.phone import Phone
from server.accounts.profile import Contact, change_contact, change_password, own_account
from server.http.call import Call
from server.http.endpoint import APPLICANT, endpoint
from server.http.schemas import Nothing

blueprint = Blueprint("me", url_prefix="/api/v1")


@endpoint(blueprint, "GET /me", access=APPLICANT)
async def me(call: Call) -> MeView:
    """用户信息（手册 10）；本人可见完整手机号"""
    return MeView.of(await own_account(call.caller))


@endpoint(blueprint, "PATCH /me", access=APPLICANT, headers=("if-match",))
async def edit(call: Call, body: ContactRequest) -> MeView:
    """编辑信息（手册 10）：联系人姓名、手机号；手机号可由小程序的手机号按钮提供"""
    contact = Contact(body.contact_name, body.contact_mobile, body.phone_code)
    services = call.services
    wechat = await services.wechat()
    phone = Phone(wechat.phones, wechat.texts, services.limiter)
    return MeView.of(await change_contact(call.caller, call.if_match(), contact, phone=phone))


@endpoint(blueprint, "POST /me/password", access=APPLICANT)
async def new_password(call: Call, body: PasswordRequest) -> Nothing:
    """修改密码（手册 10）：其他登录全部退出"""
    await change_password(
        call.caller,
        body.old_password,
        body.new_password,
        limiter=call.services.limiter,
        views=call.services.session_views,
    )
    return Nothing()
