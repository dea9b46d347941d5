"""Staff login, logout, and who one is."""

from sanic import Blueprint

from console_api.schemas.auth import StaffLoginRequest, StaffLoginView, StaffView
from models.accounts import Realm
from server.accounts.login import login
from server.accounts.profile import own_account
from server.accounts.revoke import log_out
from server.http.call import Call
from server.http.endpoint import PUBLIC, endpoint, staff
from server.http.schemas import Nothing

blueprint = Blueprint("console_auth", url_prefix="/console/v1")


@endpoint(blueprint, "POST /auth/login", access=PUBLIC, refuses=(401,))
async def log_in(call: Call, body: StaffLoginRequest) -> StaffLoginView:
    """工作人员登录"""
    logged_in = await login(
        body.account,
        body.password,
        address=call.address,
        limiter=call.services.limiter,
        realm=Realm.STAFF,
        client="console",
    )
    return StaffLoginView.of(logged_in)


@endpoint(blueprint, "POST /auth/logout", access=staff())
async def leave(call: Call) -> Nothing:
    """退出登录"""
    await log_out(call.caller, call.services.session_views)
    return Nothing()


@endpoint(blueprint, "GET /me", access=staff())
async def me(call: Call) -> StaffView:
    """当前工作人员及其权限"""
    return StaffView.of(await own_account(call.caller))
