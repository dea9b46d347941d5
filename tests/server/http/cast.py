"""Every kind of caller there is, each with a login of his own."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from models.accounts import Account, AccountKind, LoginSession, Realm
from models.base import new_id
from models.roster import Cpa
from server import clock, crypto
from server.accounts import passwords
from server.accounts.caller import Caller
from server.accounts.contact import sealed_mobile
from server.accounts.login import LoggedIn, open_session
from server.accounts.sessions import caller_of
from server.roster.register import add_cpa


class Who(StrEnum):
    ANONYMOUS = "anonymous"
    FORGED = "forged token"
    EXPIRED = "expired token"
    DISABLED = "disabled account"
    INCOMPLETE = "firm with its initial password"
    FIRM = "owner firm"
    OTHER_FIRM = "other firm"
    CUSTODY = "custody CPA"
    OTHER_CUSTODY = "other custody CPA"
    REVIEWER = "reviewer"
    CLERK = "clerk"
    EDITOR = "editor"
    ADMIN = "admin"


STAFF = frozenset({Who.REVIEWER, Who.CLERK, Who.EDITOR, Who.ADMIN})
_CUSTODY = frozenset({Who.CUSTODY, Who.OTHER_CUSTODY})


@dataclass(frozen=True)
class Actor:
    """One caller: `secrets` is all that is told about him to nobody else and must stand in no log."""

    who: Who
    account: Account
    caller: Caller
    token: str
    secrets: tuple[str, ...]
    id_number: str = ""
    cpa_no: str = ""

    @property
    def id(self) -> UUID:
        return self.account.id

    async def version(self) -> int:
        return (await Account.get(id=self.id)).version


def a_password() -> str:
    return f"Pass-{uuid4().hex[:16]}"


def an_id_number() -> str:
    """Eighteen digits with a date among them; the check digit is as it comes, which only warns."""
    chance = uuid4().int
    born = date(1950, 1, 1) + timedelta(days=chance % 15_000)
    return f"110108{born:%Y%m%d}{chance % 9973:04}"


def a_mobile() -> str:
    return f"139{uuid4().int % 10**8:08}"


_hashes: dict[str, str] = {}


async def hash_of(password: str) -> str:
    """Hashing is slow on purpose; a test's password need not be hashed twice."""
    if password not in _hashes:
        _hashes[password] = await passwords.hash_password(password)
    return _hashes[password]


async def actor(who: Who, password: str, initial: str = "") -> Actor:
    """A new account of this kind, logged in as such a one is."""
    mobile, is_custody = a_mobile(), who in _CUSTODY
    cpa = await _custody_cpa(mobile) if is_custody else None
    account = _account(who, cpa)
    if who is not Who.INCOMPLETE:
        account.password_hash = await hash_of(password)
        account.contact_name, account.profile_completed_at = "张成", clock.now()
        account.contact_mobile = sealed_mobile(account.id, mobile)
    if initial:
        account.initial_password_hash = await hash_of(initial)
    await account.save(force_create=True)
    logged_in = await open_session(account, "console" if who in STAFF else "browser")
    await _spoil(who, account, logged_in)
    id_number = crypto.unseal(cpa.id_number, f"cpa.id_number:{cpa.id}") if cpa and cpa.id_number else ""
    secrets = (logged_in.token, mobile, password, *filter(None, (id_number, initial)))
    caller = caller_of(logged_in.account, logged_in.session)
    return Actor(who, account, caller, logged_in.token, secrets, id_number, account.number if cpa else "")


async def _custody_cpa(mobile: str) -> Cpa:
    return await add_cpa(None, "孙宁", f"{uuid4().int % 10**12:012}", an_id_number(), mobile)


def _account(who: Who, cpa: Cpa | None) -> Account:
    is_staff = who in STAFF
    kind = AccountKind.STAFF if is_staff else AccountKind.CUSTODY if cpa else AccountKind.FIRM
    return Account(
        id=new_id(),
        kind=kind,
        realm=Realm.STAFF if is_staff else Realm.APPLICANT,
        number=cpa.cpa_no if cpa else uuid4().hex[:12],
        name=cpa.name if cpa else f"{who.value} (工作人员)" if is_staff else "测试单位201",
        role=who.value if is_staff else None,
        firm_id=None if is_staff or cpa else new_id(),
        cpa_id=cpa.id if cpa else None,
        created_at=clock.now(),
    )


async def _spoil(who: Who, account: Account, logged_in: LoggedIn) -> None:
    """What makes a token worthless, written as time or an administrator would write it."""
    if who is Who.EXPIRED:
        ended = clock.now() - timedelta(seconds=1)
        await LoginSession.filter(id=logged_in.session.id).update(expires_at=ended)
    if who is Who.DISABLED:
        await Account.filter(id=account.id).update(disabled_at=clock.now())
