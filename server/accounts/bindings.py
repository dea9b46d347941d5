"""微信绑定 (manual §10): which WeChat users belong to an account; the unique (app, openid) decides every race."""

from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from models.accounts import Account, WechatApp, WechatBinding
from server import clock
from server.accounts.caller import Caller
from server.accounts.revoke import Raised, revoke, tell
from server.accounts.sessions import SessionViews
from server.accounts.wechat_identity import WechatIdentity
from server.audit.trail import Actor, record
from server.errors import NotFound, Refusal
from server.messages.announce import notify_account
from server.transactions import in_transaction, is_duplicate, retried


class BoundElsewhere(Refusal):
    code = "bound_elsewhere"
    message = "该微信已绑定其他账号"
    hint = "请先在原账号的“设置-微信绑定”中解除绑定，再重新绑定"


class AlreadyBound(Refusal):
    code = "already_bound"
    message = "该微信已绑定本账号"


async def list_bindings(account_id: UUID) -> list[WechatBinding]:
    return await WechatBinding.filter(account_id=account_id).order_by("id")


async def check_free(app: WechatApp, openid: str, account_id: UUID) -> None:
    """Raises BoundElsewhere or AlreadyBound; the unique key still decides when the binding is written."""
    holder = await WechatBinding.get_or_none(app=app, openid=openid)
    if holder:
        raise AlreadyBound if holder.account_id == account_id else BoundElsewhere


async def bind(account_id: UUID, app: WechatApp, identity: WechatIdentity, occurrence: str) -> WechatBinding:
    """Write a binding and tell the account's other channels, in the running transaction. Raises BoundElsewhere.

    The telling comes first, so that the new binding is not among the told.
    """
    account = await Account.get(id=account_id)
    await notify_account(account_id, "wechat_bound", occurrence, {})
    now = clock.now()
    try:
        binding = await WechatBinding.create(
            created_at=now,
            app=app,
            openid=identity.openid,
            unionid=identity.unionid,
            account_id=account_id,
            reachable=app is WechatApp.OFFICIAL_ACCOUNT,
            last_used_at=now,
        )
    except IntegrityError as error:
        if is_duplicate(error):
            raise BoundElsewhere from error
        raise
    await record(Actor(account.id, account.name), "bind_wechat", "wechat_binding", str(binding.id), app=app.value)
    return binding


async def unbind(caller: Caller, binding_id: UUID, *, views: SessionViews) -> None:
    """Also ends the account's mini-program sessions: they were begun by this or another phone. Raises NotFound."""
    await tell(views, await retried(lambda: _unbind(caller, binding_id)))


async def _unbind(caller: Caller, binding_id: UUID) -> Raised:
    async with in_transaction():
        if not await WechatBinding.filter(id=binding_id, account_id=caller.account_id).delete():
            raise NotFound
        await record(caller.actor, "unbind_wechat", "wechat_binding", str(binding_id))
        return await revoke(caller.account_id, ending=Q(client="mini_program"))


async def follow_changed(openid: str, following: bool) -> None:
    """A subscribe or unsubscribe event: whether messages can reach this binding."""
    await WechatBinding.filter(app=WechatApp.OFFICIAL_ACCOUNT, openid=openid).update(reachable=following)
