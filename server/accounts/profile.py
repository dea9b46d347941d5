"""补充信息 at the first login (manual §1) and 设置 (manual §10): contact and password of one's own account."""

from dataclasses import dataclass
from typing import Any

from tortoise.expressions import F, Q

from models.accounts import Account, AccountKind, LoginSession
from models.base import new_id
from server import clock
from server.accounts import passwords, sessions
from server.accounts.caller import Caller
from server.accounts.contact import UnfitContact, checked_mobile, checked_name, mobile_columns
from server.accounts.guessing import count_keys
from server.accounts.limits import Limiter
from server.accounts.login import LoggedIn
from server.accounts.phone import Phone
from server.accounts.revoke import Raised, revoke, tell
from server.accounts.sessions import SessionViews
from server.audit.trail import record
from server.errors import Refusal
from server.messages.announce import notify_account
from server.transactions import in_transaction, retried


class ProfileAlreadyComplete(Refusal):
    code = "profile_already_complete"
    message = "信息已补充完成，请用新密码登录"


class StaleProfile(Refusal):
    code = "stale_version"
    status = 412
    message = "信息已被修改，请刷新后重试"


class PasswordChanged(Refusal):
    """Somebody else was faster."""

    code = "password_changed"
    message = "密码已被修改，请重新登录"


@dataclass(frozen=True)
class Completion:
    """What the first login asks for: the mobile as typed, or `phone_code` of the mini program's phone button.

    A custody CPA gives no contact name: he is his own contact.
    """

    contact_mobile: str | None
    new_password: str
    contact_name: str | None = None
    phone_code: str | None = None


@dataclass(frozen=True)
class Contact:
    """What 编辑信息 changes; what is None stays. At most one of the last two is given."""

    name: str | None = None
    mobile: str | None = None
    phone_code: str | None = None


async def own_account(caller: Caller) -> Account:
    return await Account.get(id=caller.account_id)


async def complete_profile(caller: Caller, completion: Completion, *, phone: Phone, views: SessionViews) -> LoggedIn:
    """The only thing an initial password opens, once. Ends the session that did it and begins a full one.

    Raises ProfileAlreadyComplete, contact.UnfitContact, passwords.UnfitPassword, and what `Phone` raises.
    """
    account = await own_account(caller)
    if account.profile_completed_at or not caller.must_complete_profile:
        raise ProfileAlreadyComplete
    contact = Contact(_name(account, completion), _mobile(completion), completion.phone_code)
    await passwords.check_new(account, completion.new_password)
    columns = await _columns(caller, account, contact, phone)
    columns["password_hash"] = await passwords.hash_password(completion.new_password)
    logged_in, raised = await retried(lambda: _complete(caller, columns))
    await tell(views, raised)
    return logged_in


def _name(account: Account, completion: Completion) -> str:
    if account.kind is AccountKind.FIRM and not completion.contact_name:
        raise UnfitContact("请填写联系人姓名", field="contact_name")
    return completion.contact_name or account.name


def _mobile(completion: Completion) -> str | None:
    return None if completion.phone_code else completion.contact_mobile or ""


async def _columns(caller: Caller, account: Account, contact: Contact, phone: Phone) -> dict[str, Any]:
    """What is typed is checked first: a code of the phone button is good once and is paid for."""
    name = {} if contact.name is None else {"contact_name": checked_name(contact.name)}
    mobile = {} if contact.mobile is None else mobile_columns(account, checked_mobile(contact.mobile))
    if name:
        await phone.check_typed(caller, name["contact_name"], "contact_name")
    if contact.phone_code:
        mobile = mobile_columns(account, await phone.mobile(account.id, contact.phone_code), is_proven=True)
    return name | mobile


async def _complete(caller: Caller, columns: dict[str, Any]) -> tuple[LoggedIn, Raised]:
    async with in_transaction():
        client = (await LoginSession.get(id=caller.session_id)).client
        waiting = Account.filter(id=caller.account_id, profile_completed_at__isnull=True, disabled_at__isnull=True)
        if not await waiting.update(**columns, profile_completed_at=clock.now(), version=F("version") + 1):
            raise ProfileAlreadyComplete
        raised = await revoke(caller.account_id)
        account = await own_account(caller)
        token, session = await sessions.start(account, client)
        await record(caller.actor, "complete_profile", "account", str(account.id))
        return LoggedIn(token, session, account), raised


async def change_contact(caller: Caller, version: int, contact: Contact, *, phone: Phone) -> Account:
    """编辑信息. Raises StaleProfile, contact.UnfitContact, and what `Phone` raises."""
    account = await own_account(caller)
    if account.version != version:
        raise StaleProfile
    changes = await _columns(caller, account, contact, phone)
    return await retried(lambda: _change(caller, version, changes))


async def _change(caller: Caller, version: int, changes: dict[str, Any]) -> Account:
    async with in_transaction():
        mine = Account.filter(id=caller.account_id, version=version)
        if not await mine.update(**changes, version=F("version") + 1):
            raise StaleProfile
        await record(caller.actor, "change_contact", "account", str(caller.account_id), changed=sorted(changes))
        if "contact_mobile" in changes:
            await notify_account(caller.account_id, "mobile_changed", f"mobile_changed:{new_id()}", {})
        return await own_account(caller)


async def change_password(caller: Caller, old: str, new: str, *, limiter: Limiter, views: SessionViews) -> None:
    """修改密码: ends the account's other sessions. Raises WrongPassword, UnfitPassword, TooManyTries."""
    account = await own_account(caller)
    key = f"password:{account.id}"
    await count_keys(limiter, key)
    if not await passwords.verify(old, account.password_hash):
        raise passwords.WrongPassword(field="old_password")
    await limiter.forgive(key)
    await passwords.check_new(account, new)
    new_hash = await passwords.hash_password(new)
    await tell(views, await retried(lambda: _replace_password(caller, account, new_hash)))


async def _replace_password(caller: Caller, account: Account, new_hash: str) -> Raised:
    async with in_transaction():
        unchanged = Account.filter(id=account.id, password_hash=account.password_hash)
        if not await unchanged.update(password_hash=new_hash, version=F("version") + 1):
            raise PasswordChanged
        raised = await revoke(account.id, ending=~Q(id=caller.session_id))
        await record(caller.actor, "change_password", "account", str(account.id))
        await notify_account(account.id, "password_changed", f"password_changed:{new_id()}", {})
        return raised
