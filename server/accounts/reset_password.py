"""找回密码 (manual §2), second step: the manual's four fields plus the code that was sent, or the phone button in its
place (A3)."""

import hmac
from dataclasses import dataclass

from tortoise.expressions import F

from models.accounts import Account, Realm, VerificationCode
from models.base import new_id
from server import clock
from server.accounts import guessing, passwords
from server.accounts.contact import UnfitContact, mobile_of
from server.accounts.limits import Limiter
from server.accounts.login import LoggedIn, open_session
from server.accounts.reset import matching_code, proven_account
from server.accounts.revoke import Raised, revoke, tell
from server.accounts.sessions import SessionViews
from server.accounts.wechat_identity import CodeRefused, PhoneExchange
from server.audit.trail import Actor, record
from server.errors import Invalid
from server.messages.announce import notify_account
from server.transactions import in_transaction, retried


class ResetRefused(Invalid):
    """Unknown account, wrong initial password, wrong or old code, disabled: never told apart."""

    code = "reset_refused"
    message = "账号、初始密码或验证码不正确，或验证码已失效"
    hint = "从未登录过的账号请直接用初始密码登录"


@dataclass(frozen=True)
class Reset:
    """Either the `code` that was sent, or `phone_code` of the phone button, behind which WeChat knows the mobile."""

    number: str
    initial_password: str
    new_password: str
    code: str | None = None
    phone_code: str | None = None


@dataclass(frozen=True)
class _Grant:
    """Who may reset, and by which code; without one WeChat has told his registered mobile."""

    account: Account
    code: VerificationCode | None = None

    @property
    def occurrence(self) -> str:
        return f"password_reset:{self.code.id if self.code else new_id()}"


async def reset_password(
    reset: Reset, *, address: str, limiter: Limiter, phones: PhoneExchange, views: SessionViews
) -> LoggedIn:
    """Ends every session, tells the owner, and lets him in past any lock that guessing put on his account.

    Raises ResetRefused, passwords.UnfitPassword, WechatUnavailable, guessing.TooManyTries (by address only: a lock by
    account would keep the owner out).
    """
    passwords.check_form(reset.new_password, reset.number, reset.initial_password)
    proven = await _mobile_of_phone(reset.phone_code, address, limiter, phones)
    grant = await _granted(reset, proven, address, limiter)
    await passwords.check_new(grant.account, reset.new_password)
    new_hash = await passwords.hash_password(reset.new_password)
    raised = await retried(lambda: _apply(grant, new_hash))
    await tell(views, raised)
    await limiter.forgive(guessing.account_key(Realm.APPLICANT, reset.number.strip()))
    return await retried(lambda: _log_in_anew(grant, new_hash))


async def _mobile_of_phone(code: str | None, address: str, limiter: Limiter, phones: PhoneExchange) -> str | None:
    """What WeChat says of the phone, asked before anything is known of the account: its time tells nothing.

    Outside of the turns to try a password: a slow WeChat holds no login up. Raises WechatUnavailable, TooManyTries.
    """
    if code is None:
        return None
    await guessing.count_keys(limiter, guessing.address_key("reset-phone", address))
    try:
        return await phones.mobile(code)
    except (CodeRefused, UnfitContact):
        return None


async def _granted(reset: Reset, proven: str | None, address: str, limiter: Limiter) -> _Grant:
    """Raises ResetRefused, TooManyTries; only failures are counted."""
    async with guessing.turn():
        key = guessing.address_key("reset", address)
        if wait := await limiter.peek(key, limit=guessing.TRIES, seconds=guessing.SECONDS):
            raise guessing.TooManyTries(retry_after=wait)
        account = await proven_account(reset.number, reset.initial_password)
        if grant := await _grant(account, reset.code, proven):
            return grant
        await guessing.count_keys(limiter, key)
        raise ResetRefused


async def _grant(account: Account | None, typed: str | None, proven: str | None) -> _Grant | None:
    if typed is None:
        return _Grant(account) if account and proven and _is_registered(account, proven) else None
    code = await matching_code(account, typed)
    return _Grant(account, code) if account and code else None


def _is_registered(account: Account, mobile: str) -> bool:
    return hmac.compare_digest(mobile_of(account).encode(), mobile.encode())


async def _apply(grant: _Grant, new_hash: str) -> Raised:
    account, now = grant.account, clock.now()
    async with in_transaction():
        if grant.code and not await VerificationCode.filter(id=grant.code.id, used_at__isnull=True).update(used_at=now):
            raise ResetRefused
        unchanged = Account.filter(id=account.id, version=account.version, disabled_at__isnull=True)
        if not await unchanged.update(password_hash=new_hash, version=F("version") + 1):
            raise ResetRefused
        raised = await revoke(account.id)
        await notify_account(account.id, "password_reset", grant.occurrence, {})
        await record(Actor(account.id, account.name), "reset_password", "account", str(account.id))
        return raised


async def _log_in_anew(grant: _Grant, new_hash: str) -> LoggedIn:
    grant.account.password_hash = new_hash
    return await open_session(grant.account, "browser" if grant.code else "mini_program")
