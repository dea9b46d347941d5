"""登录、首次登录、找回密码、退出 (manual §1-2), and the mini program's login."""

from sanic import Blueprint

from miniprogram_api.schemas.auth import (
    CompleteProfileRequest,
    LoginRequest,
    LoginView,
    ResetCodeAnswer,
    ResetCodeRequest,
    ResetRequest,
    WechatBindRequest,
    WechatLoginRequest,
    WechatLoginView,
)
from server.accounts.login import login
from server.accounts.mini_program import BindingLogin, log_in_and_bind, log_in_by_wechat
from server.accounts.phone import Phone
from server.accounts.profile import Completion, complete_profile
from server.accounts.reset import request_code
from server.accounts.reset_password import Reset, reset_password
from server.accounts.revoke import log_out
from server.http.call import Call
from server.http.endpoint import INCOMPLETE, PUBLIC, endpoint
from server.http.schemas import Nothing

blueprint = Blueprint("auth", url_prefix="/api/v1")


@endpoint(blueprint, "POST /auth/login", access=PUBLIC, refuses=(401,))
async def log_in(call: Call, body: LoginRequest) -> LoginView:
    """账号密码登录（手册 1）；初始密码只能用来补充信息"""
    return LoginView.of(await login(body.account, body.password, address=call.address, limiter=call.services.limiter))


@endpoint(blueprint, "POST /auth/complete-profile", access=INCOMPLETE)
async def complete(call: Call, body: CompleteProfileRequest) -> LoginView:
    """首次登录补充信息并修改密码（手册 1），返回新的登录；手机号可由小程序的手机号按钮提供"""
    completion = Completion(body.contact_mobile, body.new_password, body.contact_name, body.phone_code)
    services = call.services
    wechat = await services.wechat()
    phone = Phone(wechat.phones, wechat.texts, services.limiter)
    return LoginView.of(await complete_profile(call.caller, completion, phone=phone, views=services.session_views))


@endpoint(blueprint, "POST /auth/password-reset/code", access=PUBLIC, status=202)
async def send_reset_code(call: Call, body: ResetCodeRequest) -> ResetCodeAnswer:
    """找回密码第一步（手册 2）：发送验证码；无论结果回答都相同"""
    await request_code(body.account, body.initial_password, address=call.address, limiter=call.services.limiter)
    return ResetCodeAnswer()


@endpoint(blueprint, "POST /auth/password-reset", access=PUBLIC)
async def reset(call: Call, body: ResetRequest) -> LoginView:
    """找回密码第二步（手册 2）：重设密码，其他登录全部退出"""
    services = call.services
    logged_in = await reset_password(
        Reset(body.account, body.initial_password, body.new_password, body.code, body.phone_code),
        address=call.address,
        limiter=services.limiter,
        phones=(await services.wechat()).phones,
        views=services.session_views,
    )
    return LoginView.of(logged_in)


@endpoint(blueprint, "POST /auth/logout", access=INCOMPLETE)
async def leave(call: Call) -> Nothing:
    """退出登录；首次登录弹窗的“取消”也是退出"""
    await log_out(call.caller, call.services.session_views)
    return Nothing()


@endpoint(blueprint, "POST /auth/wechat", access=PUBLIC, refuses=(403,))
async def log_in_with_wechat(call: Call, body: WechatLoginRequest) -> WechatLoginView:
    """小程序登录：已绑定的微信直接登录，否则要求绑定"""
    wechat = await call.services.wechat()
    return WechatLoginView.of(await log_in_by_wechat(body.code, wechat.login))


@endpoint(blueprint, "POST /auth/wechat/bind", access=PUBLIC, refuses=(401,))
async def bind_and_log_in(call: Call, body: WechatBindRequest) -> LoginView:
    """小程序登录并绑定：用账号密码登录，同时绑定当前微信；已绑定其他账号的须同意改绑"""
    wanted = BindingLogin(body.ticket, body.account, body.password, body.move)
    limiter, views = call.services.limiter, call.services.session_views
    return LoginView.of(await log_in_and_bind(wanted, address=call.address, limiter=limiter, views=views))
