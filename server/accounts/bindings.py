"""微信绑定 (manual §10): which WeChat users belong to an account; the unique (app, openid) decides every race."""

from dataclasses import dataclass
from uuid import UUID

from tortoise.exceptions import IntegrityError

from models.accounts import BindingTicket, WechatApp, WechatBinding
from server import clock
from server.accounts import joining
from server.accounts.caller import Caller
from server.accounts.moving import BoundElsewhere, take_from
from server.accounts.revoke import IN_MINI_PROGRAM, Raised, revoke, tell
from server.accounts.sessions import SessionViews, hold
from server.accounts.tickets import TicketSessionEnded
from server.accounts.wechat_identity import WechatIdentity
from server.audit.trail import Actor, record
from server.errors import NotFound
from server.messages.announce import notify_account
from server.transactions import in_transaction, is_duplicate, retried


@dataclass(frozen=True)
class Bound:
    """A binding just written, and the sessions of a former owner that ended with it; to be told after the commit."""

    binding: WechatBinding
    ended: Raised | None

    async def tell(self, views: SessionViews) -> None:
        if self.ended:
            await tell(views, self.ended)


async def list_bindings(account_id: UUID) -> list[WechatBinding]:
    """`last_used_at` is the last login by WeChat, or else the binding itself; what is sent there is no use of it."""
    return await WechatBinding.filter(account_id=account_id).order_by("id")


async def bind(
    session_id: UUID | None,
    app: WechatApp,
    identity: WechatIdentity,
    occurrence: str,
    *,
    leaving: UUID | None = None,
) -> Bound:
    """Write a binding to the account of a live session and tell its other channels, in the running transaction.
    `leaving`: the account whose binding must go for it, as `moving.holder_to_leave` found it.

    The telling comes first, so that the new binding is not among the told. Raises TicketSessionEnded (whoever is
    thrown out while WeChat is asked binds nothing), BoundElsewhere, HolderChanged.
    """
    account = await hold(session_id)
    if account is None:
        raise TicketSessionEnded
    ended = await take_from(leaving, app, identity.openid, occurrence) if leaving else None
    await notify_account(account.id, "wechat_bound", occurrence, {})
    binding = await _write(account.id, app, identity)
    await joining.forget_parting(binding)
    moved = {"moved_from": str(leaving)} if leaving else {}
    actor = Actor(account.id, account.name)
    await record(actor, "bind_wechat", "wechat_binding", str(binding.id), app=app.value, **moved)
    return Bound(binding, ended)


async def _write(account_id: UUID, app: WechatApp, identity: WechatIdentity) -> WechatBinding:
    now = clock.now()
    try:
        return await WechatBinding.create(
            created_at=now,
            app=app,
            openid=identity.openid,
            unionid=identity.unionid,
            account_id=account_id,
            last_used_at=now,
        )
    except IntegrityError as error:
        if is_duplicate(error):
            raise BoundElsewhere from error
        raise


async def unbind(caller: Caller, binding_id: UUID, *, views: SessionViews) -> None:
    """Also ends the account's mini-program sessions: they were begun by this or another phone. Raises NotFound.

    Who is unbound in the mini program is asked for account and password there, whatever else he is bound to.
    """
    await tell(views, await retried(lambda: _unbind(caller, binding_id)))


async def _unbind(caller: Caller, binding_id: UUID) -> Raised:
    own = WechatBinding.filter(id=binding_id, account_id=caller.account_id)
    async with in_transaction():
        binding = await own.first()
        if binding is None or not await own.delete():
            raise NotFound
        await joining.end_joined(binding)
        await joining.remember_parting(binding)
        await record(caller.actor, "unbind_wechat", "wechat_binding", str(binding_id))
        return await revoke(caller.account_id, ending=IN_MINI_PROGRAM)


async def follow_changed(openid: str, following: bool) -> None:
    """A subscribe or unsubscribe event: whether messages can reach this binding."""
    await WechatBinding.filter(app=WechatApp.OFFICIAL_ACCOUNT, openid=openid).update(reachable=following)


async def learn_unionid(app: WechatApp, openid: str, unionid: str) -> None:
    """WeChat told the unionid of somebody bound, or about to be. Safe to repeat.

    Tickets come first: one that becomes a binding meanwhile holds its row until the binding can be seen.
    """
    await BindingTicket.filter(app=app, openid=openid, expires_at__gt=clock.now()).update(unionid=unionid)
    await WechatBinding.filter(app=app, openid=openid).update(unionid=unionid)
