"""登录 (manual §1): a number and a password become a login session, or one refusal for every reason not to."""

from dataclasses import dataclass

from tortoise.expressions import F

from models.accounts import Account, LoginSession, Realm
from server.accounts import guessing, passwords, sessions
from server.accounts.guessing import Guess
from server.accounts.limits import Limiter
from server.errors import Unauthenticated
from server.transactions import in_transaction, retried


class BadCredentials(Unauthenticated):
    """Unknown account, wrong password, disabled account: the same answer after the same work."""

    code = "bad_credentials"
    message = "账号或密码错误"


@dataclass(frozen=True)
class LoggedIn:
    """A session just begun. The token is told once and stored nowhere."""

    token: str
    session: LoginSession
    account: Account


async def login(
    number: str,
    password: str,
    *,
    address: str,
    limiter: Limiter,
    realm: Realm = Realm.APPLICANT,
    client: str = "browser",
) -> LoggedIn:
    """Raises BadCredentials or guessing.TooManyTries.

    The initial password works once, as long as the profile is incomplete, and its session may only complete it.
    """
    guess = Guess(realm, number.strip(), password, address)
    async with guessing.turn():
        await guessing.count(guess, limiter)
        account = await _prove(guess)
        if account is None:
            await guessing.count_failure(guess, limiter)
            raise BadCredentials
        await guessing.forgive(guess, limiter)
    logged_in = await retried(lambda: open_session(account, client))
    await _rehash(account, password)
    return logged_in


async def _prove(guess: Guess) -> Account | None:
    """The account whose present password this is. One hash is computed whatever the outcome."""
    account = await Account.get_or_none(realm=guess.realm, number=guess.number)
    is_right = await passwords.verify(guess.password, _present_hash(account))
    if account is None or not is_right or account.disabled_at:
        return None
    return account


def _present_hash(account: Account | None) -> str | None:
    """After the profile was completed the initial password never logs in again (decisions D4)."""
    if account is None:
        return None
    return account.password_hash if account.profile_completed_at else account.initial_password_hash


async def open_session(account: Account, client: str) -> LoggedIn:
    """Begin a session if the account is still as it was when it was proven."""
    async with in_transaction():
        unchanged = await Account.filter(
            id=account.id,
            password_hash=account.password_hash,
            disabled_at__isnull=True,
        ).update(version=F("version"))  # locks the row: a revocation comes wholly before or wholly after
        if not unchanged:
            raise BadCredentials
        fresh = await Account.get(id=account.id)
        incomplete = fresh.profile_completed_at is None
        token, session = await sessions.start(fresh, client, only_complete_profile=incomplete)
        return LoggedIn(token, session, fresh)


async def _rehash(account: Account, password: str) -> None:
    stored = account.password_hash
    if account.profile_completed_at and stored and passwords.needs_rehash(stored):
        stronger = await passwords.hash_password(password)
        await Account.filter(id=account.id, password_hash=stored).update(password_hash=stronger)
