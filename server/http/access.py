"""Who is asking, and whether the route is open to them."""

from models.accounts import AccountKind
from server.accounts.caller import Caller
from server.accounts.rights import rights_of
from server.accounts.sessions import authenticate, recall
from server.errors import Forbidden, Refusal, Unauthenticated
from server.http.call import Call
from server.http.endpoint import Access, Audience


class MustCompleteProfile(Forbidden):
    """首次登录须补充登记联系人并修改登录密码 (manual §1)."""

    code = "must_complete_profile"
    message = "首次登录须补充信息并修改登录密码"


async def admit(call: Call, access: Access) -> None:
    """Set `call.who`, or raise Unauthenticated, Forbidden or MustCompleteProfile."""
    if access.audience is Audience.PUBLIC:
        return
    if not (token := call.token):
        raise Unauthenticated
    views = call.services.session_views
    caller = recall(token, views) or await authenticate(token, views)
    _check(caller, access)
    call.who = caller


def is_known(call: Call, access: Access) -> bool:
    """Whether this process knows by heart that the caller may; sets `call.who`. False says nothing: then `admit`."""
    caller = recall(call.token, call.services.session_views)
    if caller is None:
        return False
    try:
        _check(caller, access)
    except Refusal:
        return False
    call.who = caller
    return True


def _check(caller: Caller, access: Access) -> None:
    is_staff = caller.kind is AccountKind.STAFF
    if is_staff is not (access.audience is Audience.STAFF):
        raise Forbidden
    if access.right and access.right not in rights_of(caller.role or ""):
        raise Forbidden
    if caller.must_complete_profile and access.audience is not Audience.INCOMPLETE:
        raise MustCompleteProfile
