"""Login in the mini program: by a bound WeChat user, or by account and password, which binds him."""

from dataclasses import dataclass
from uuid import UUID

from models.accounts import Account, BindingTicket, TicketState, WechatApp, WechatBinding
from server import clock, crypto
from server.accounts import tickets
from server.accounts.bindings import Bound, bind
from server.accounts.caller import Caller
from server.accounts.guessing import count_keys
from server.accounts.joining import binding_of, keep_joined
from server.accounts.limits import Limiter
from server.accounts.login import LoggedIn, login, open_session
from server.accounts.moving import holder_to_leave
from server.accounts.sessions import SessionViews
from server.accounts.wechat_identity import CodeExchange, WechatIdentity
from server.errors import Refusal
from server.transactions import in_transaction, retried

CLIENT = "mini_program"
_SECRET_BITS = 128


class WechatLoginClosed(Refusal):
    """The account was bound, and is disabled now."""

    code = "wechat_login_closed"
    status = 403
    message = "该微信绑定的账号不能登录，请联系协会"
    hint = "已换账号的，请用新的账号和密码登录，再在“设置-微信绑定”中改绑"


@dataclass(frozen=True)
class BindRequired:
    """Nobody is bound to this WeChat user yet: `ticket` stands for him while he gives account and password."""

    ticket: str


async def log_in_by_wechat(code: str, exchange: CodeExchange) -> LoggedIn | BindRequired:
    """Never counted as a guess: whoever holds the bound phone gets in, however locked his account is.

    Raises CodeRefused, WechatUnavailable, WechatLoginClosed.
    """
    identity = await exchange.exchange(code)
    binding = await binding_of(identity)
    if binding is None:
        return BindRequired(await _remember(identity))
    account = await Account.get_or_none(id=binding.account_id, disabled_at__isnull=True)
    if account is None or not account.profile_completed_at:
        raise WechatLoginClosed
    logged_in = await retried(lambda: _enter(account, binding, identity))
    return logged_in or BindRequired(await _remember(identity))


async def _enter(account: Account, binding: WechatBinding, identity: WechatIdentity) -> LoggedIn | None:
    """Begin a session by this binding; None when it is gone by now.

    Its row is held until the session stands: unbinding and moving end sessions, and must find this one.
    """
    used = {"last_used_at": clock.now()} | ({"unionid": identity.unionid} if identity.unionid else {})
    async with in_transaction():
        if not await WechatBinding.filter(id=binding.id, account_id=account.id).update(**used):
            return None
        await keep_joined(binding, identity)
        return await open_session(account, CLIENT)


async def _remember(identity: WechatIdentity) -> str:
    secret = crypto.new_secret(_SECRET_BITS)
    await tickets.write_ticket(secret, WechatApp.MINI_PROGRAM, openid=identity.openid, unionid=identity.unionid)
    return secret


@dataclass(frozen=True)
class BindingLogin:
    """Account and password typed where nobody is bound yet, with the ticket that stands for the phone.

    `move`: its owner agrees to leave the account it is bound to.
    """

    ticket: str
    number: str
    password: str
    move: bool = False


async def log_in_and_bind(wanted: BindingLogin, *, address: str, limiter: Limiter, views: SessionViews) -> LoggedIn:
    """An initial password logs in to complete the profile and binds nothing: the ticket waits for the new one.

    Raises TicketGone, TicketUsed, BadCredentials, TooManyTries, AlreadyBound, HolderChanged, TicketSessionEnded, and
    BoundElsewhere without `move`, after which the ticket is still good.
    """
    ticket = await _nobodys_ticket(wanted.ticket)
    logged_in = await login(wanted.number, wanted.password, address=address, limiter=limiter, client=CLIENT)
    if not logged_in.session.only_complete_profile:
        to, session_id = logged_in.account.id, logged_in.session.id
        leaving = await holder_to_leave(WechatApp.MINI_PROGRAM, ticket.openid or "", to, agreed=wanted.move)
        bound = await retried(lambda: _bind(ticket, session_id, leaving))
        await bound.tell(views)
    return logged_in


async def _nobodys_ticket(secret: str) -> BindingTicket:
    ticket = await BindingTicket.get_or_none(secret_hash=crypto.hash_secret(secret), account_id__isnull=True)
    if ticket is None or ticket.expires_at <= clock.now():
        raise tickets.TicketGone
    if ticket.state is not TicketState.WAITING:
        raise tickets.TicketUsed
    return ticket


async def _bind(ticket: BindingTicket, session_id: UUID, leaving: UUID | None) -> Bound:
    identity = WechatIdentity(ticket.openid or "", ticket.unionid)
    async with in_transaction():
        await tickets.move(ticket, state=TicketState.BOUND)
        occurrence = f"wechat_bound:{ticket.id}"
        return await bind(session_id, WechatApp.MINI_PROGRAM, identity, occurrence, leaving=leaving)


async def bind_this_phone(
    caller: Caller, code: str, exchange: CodeExchange, *, limiter: Limiter, views: SessionViews, move: bool = False
) -> WechatBinding:
    """绑定 from inside the mini program, logged in by password. Every code asks WeChat, so they are counted.

    Raises TooManyTries, CodeRefused, AlreadyBound, HolderChanged, TicketSessionEnded, and BoundElsewhere without
    `move`.
    """
    await count_keys(limiter, f"bind-phone:{caller.account_id}")
    identity = await exchange.exchange(code)
    leaving = await holder_to_leave(WechatApp.MINI_PROGRAM, identity.openid, caller.account_id, agreed=move)
    bound = await retried(lambda: _bind_caller(caller, identity, leaving))
    await bound.tell(views)
    return bound.binding


async def _bind_caller(caller: Caller, identity: WechatIdentity, leaving: UUID | None) -> Bound:
    async with in_transaction():
        occurrence = f"wechat_bound:{crypto.new_secret(96)}"
        return await bind(caller.session_id, WechatApp.MINI_PROGRAM, identity, occurrence, leaving=leaving)
