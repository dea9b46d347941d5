"""找回密码 (manual §2), hardened (A3): the manual's four fields plus a code sent to the registered mobile or WeChat."""

import asyncio
import hmac
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from tortoise.expressions import F

from models.accounts import Account, Realm, VerificationCode
from server import clock, crypto
from server.accounts import guessing, passwords
from server.accounts.limits import Limiter
from server.accounts.login import LoggedIn, open_session
from server.accounts.revoke import Raised, revoke, tell
from server.accounts.sessions import SessionViews
from server.audit.trail import Actor, record
from server.errors import Invalid
from server.messages.announce import notify_account, send_code
from server.transactions import in_transaction, retried

PURPOSE = "reset"
CODE_LIFE = timedelta(minutes=5)
CODE_TRIES = 5
_CODES, _CODES_SECONDS = 5, 3600  # codes sent to one account

_log = logging.getLogger(__name__)
_sending: set[asyncio.Task[None]] = set()


class ResetRefused(Invalid):
    """Unknown account, wrong initial password, wrong or old code, disabled: never told apart."""

    code = "reset_refused"
    message = "账号、初始密码或验证码不正确，或验证码已失效"
    hint = "从未登录过的账号请直接用初始密码登录"


@dataclass(frozen=True)
class Reset:
    number: str
    initial_password: str
    new_password: str
    code: str


async def request_code(number: str, initial_password: str, *, address: str, limiter: Limiter) -> None:
    """Send a code if the two are right; the caller learns nothing either way. Raises TooManyTries by address only.

    The answer does not wait for the code to be written: its time would tell that there was one.
    """
    await guessing.count_keys(limiter, guessing.address_key("reset-code", address))
    account = await _proven(number, initial_password)
    task = asyncio.create_task(_send(account, limiter))
    _sending.add(task)
    task.add_done_callback(_sent)


def _sent(task: asyncio.Task[None]) -> None:
    _sending.discard(task)
    if not task.cancelled() and (fault := task.exception()):
        _log.error("a reset code was not written: %s", type(fault).__name__)


async def codes_written() -> None:
    """Wait for the codes on their way, before the database is closed."""
    await asyncio.gather(*_sending, return_exceptions=True)


async def _proven(number: str, initial_password: str) -> Account | None:
    """The account if it may be reset with this initial password. One hash is computed whatever the outcome."""
    account = await Account.get_or_none(realm=Realm.APPLICANT, number=number.strip())
    is_right = await passwords.verify(initial_password, account.initial_password_hash if account else None)
    if account is None or not is_right or account.disabled_at or not account.profile_completed_at:
        return None
    return account


async def _send(account: Account | None, limiter: Limiter) -> None:
    if account is None or await limiter.hit(f"reset-sent:{account.id}", limit=_CODES, seconds=_CODES_SECONDS):
        return
    await retried(lambda: _write_code(account, f"{secrets.randbelow(10**6):06}"))


async def _write_code(account: Account, code: str) -> None:
    """A new code takes the place of those before it."""
    now = clock.now()
    async with in_transaction():
        await VerificationCode.filter(account_id=account.id, purpose=PURPOSE, used_at__isnull=True).update(used_at=now)
        await VerificationCode.create(
            created_at=now,
            account_id=account.id,
            purpose=PURPOSE,
            code_hash=_hash_of(account, code),
            expires_at=now + CODE_LIFE,
        )
        await send_code(account, code, PURPOSE, minutes=int(CODE_LIFE.total_seconds()) // 60)


def _hash_of(account: Account, code: str) -> str:
    """Keyed: a million plain hashes would be tried in a moment by whoever holds a copy of the table."""
    return crypto.blind_index(f"code:{account.id}:{code}")


async def reset_password(reset: Reset, *, address: str, limiter: Limiter, views: SessionViews) -> LoggedIn:
    """Ends every session, tells the owner, and lets him in past any lock that guessing put on his account.

    Raises ResetRefused, passwords.UnfitPassword, guessing.TooManyTries (by address only: a lock by account would
    keep the owner out).
    """
    passwords.check_form(reset.new_password, reset.number, reset.initial_password)
    account, code = await _granted(reset, address, limiter)
    await passwords.check_new(account, reset.new_password)
    new_hash = await passwords.hash_password(reset.new_password)
    raised = await retried(lambda: _apply(account, code, new_hash))
    await tell(views, raised)
    await limiter.forgive(guessing.account_key(Realm.APPLICANT, reset.number.strip()))
    return await retried(lambda: _log_in_anew(account, new_hash))


async def _granted(reset: Reset, address: str, limiter: Limiter) -> tuple[Account, VerificationCode]:
    """Who may reset and by which code. Raises ResetRefused, TooManyTries; only failures are counted."""
    async with guessing.turn():
        key = guessing.address_key("reset", address)
        if wait := await limiter.peek(key, limit=guessing.TRIES, seconds=guessing.SECONDS):
            raise guessing.TooManyTries(retry_after=wait)
        account = await _proven(reset.number, reset.initial_password)
        code = await _matching_code(account, reset.code)
        if account is None or code is None:
            await guessing.count_keys(limiter, key)
            raise ResetRefused
        return account, code


async def _matching_code(account: Account | None, typed: str) -> VerificationCode | None:
    """The account's live code if it is the typed one. Every try is counted before it is looked at."""
    if account is None:
        return None
    live = VerificationCode.filter(
        account_id=account.id, purpose=PURPOSE, used_at__isnull=True, expires_at__gt=clock.now()
    )
    code = await live.order_by("-id").first()
    if code is None:
        return None
    counted = await live.filter(id=code.id, tries__lt=CODE_TRIES).update(tries=F("tries") + 1)
    return code if counted and hmac.compare_digest(code.code_hash, _hash_of(account, typed.strip())) else None


async def _apply(account: Account, code: VerificationCode, new_hash: str) -> Raised:
    async with in_transaction():
        used = await VerificationCode.filter(id=code.id, used_at__isnull=True).update(used_at=clock.now())
        changed = await Account.filter(
            id=account.id, password_hash=account.password_hash, disabled_at__isnull=True
        ).update(password_hash=new_hash, version=F("version") + 1)
        if not used or not changed:
            raise ResetRefused
        raised = await revoke(account.id)
        await notify_account(account.id, "password_reset", f"password_reset:{code.id}", {})
        await record(Actor(account.id, account.name), "reset_password", "account", str(account.id))
        return raised


async def _log_in_anew(account: Account, new_hash: str) -> LoggedIn:
    account.password_hash = new_hash
    return await open_session(account, "browser")
