"""找回密码 (manual §2), first step, hardened (A3): a code is sent to the registered mobile and the bound WeChat."""

import asyncio
import hmac
import logging
import secrets
from datetime import timedelta

from tortoise.expressions import F

from models.accounts import Account, Realm, VerificationCode
from models.base import new_id
from server import clock, crypto
from server.accounts import guessing, passwords
from server.accounts.limits import Limiter
from server.messages.announce import send_code
from server.transactions import in_transaction, retried

PURPOSE = "reset"
CODE_LIFE = timedelta(minutes=5)
CODE_TRIES = 5
_CODES, _CODES_SECONDS = 5, 3600  # codes sent to one account

_log = logging.getLogger(__name__)
_sending: set[asyncio.Task[None]] = set()


async def request_code(number: str, initial_password: str, *, address: str, limiter: Limiter) -> None:
    """Send a code if the two are right; the caller learns nothing either way. Raises TooManyTries by address only.

    The answer does not wait for the code to be written: its time would tell that there was one.
    """
    await guessing.count_keys(limiter, guessing.address_key("reset-code", address))
    account = await proven_account(number, initial_password)
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


async def proven_account(number: str, initial_password: str) -> Account | None:
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


async def matching_code(account: Account | None, typed: str) -> VerificationCode | None:
    """The account's live code if it is the typed one. Every try is counted before it is looked at.

    One read and one committed write whatever the outcome: their time would tell that the initial password was right.
    """
    live = VerificationCode.filter(
        account_id=account.id if account else new_id(),
        purpose=PURPOSE,
        used_at__isnull=True,
        expires_at__gt=clock.now(),
        tries__lt=CODE_TRIES,
    )
    code = await live.order_by("-id").first()
    if account is None or code is None:
        await _count_for_nobody()
        return None
    counted = await live.filter(id=code.id).update(tries=F("tries") + 1)
    return code if counted and hmac.compare_digest(code.code_hash, _hash_of(account, typed.strip())) else None


async def _count_for_nobody() -> None:
    """A row that is nobody's and past its use, each time a new one: no two tries wait for each other's."""
    now = clock.now()
    await VerificationCode.create(
        created_at=now, account_id=new_id(), purpose=PURPOSE, code_hash="", expires_at=now, used_at=now
    )
