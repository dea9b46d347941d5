"""Login sessions: opaque tokens stored hashed, recognised through a short-lived view, ended by an account's epoch."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol
from uuid import UUID

from tortoise.expressions import Q

from config.settings import settings
from models.accounts import Account, LoginSession
from server import clock, crypto
from server.accounts.caller import Caller
from server.errors import Unauthenticated
from server.together import Together

VIEW_SECONDS = 30  # with the seconds that a process remembers one, no ended session is believed for over 60 (D1)
USE_WRITTEN_EVERY = timedelta(minutes=5)
_TAG = 8
_SECRET_BITS = 192


class SessionExpired(Unauthenticated):
    """The token is unknown, ended, idle for too long or past its absolute end: never told apart."""

    code = "session_expired"
    message = "登录已失效，请重新登录"


@dataclass(frozen=True)
class SessionView:
    """A login session as read from the database; `caller.epoch` is the account's epoch of that moment."""

    caller: Caller
    last_used_at: datetime
    expires_at: datetime

    @cached_property
    def ends_at(self) -> datetime:
        """Idle time counts from the last written use, so a session ends 25 to 30 minutes after its last request."""
        return min(self.expires_at, self.last_used_at + timedelta(minutes=settings().login_idle_minutes))

    @cached_property
    def use_due_at(self) -> datetime:
        """When the next use has to be written down."""
        return self.last_used_at + USE_WRITTEN_EVERY


class SessionViews(Protocol):
    """Copies of login sessions that may be lost at any moment. No method raises when the engine is gone.

    `tag` and `token_hash` name one session; all names of one tag live together, beside the account's epoch.
    """

    def remembered(self, tag: str, token_hash: str) -> SessionView | None:
        """The view as this process read it a few seconds ago at most, if no end of it was heard of since."""

    async def get(self, tag: str, token_hash: str) -> SessionView | None:
        """The view, unless it is older than the account's epoch."""

    async def put(self, tag: str, token_hash: str, view: SessionView, seconds: int) -> None: ...

    async def raise_epoch(self, tag: str, epoch: int) -> bool:
        """Disbelieve every view of a lower epoch; False when the engine did not hear of it."""


def tag_of(account_id: UUID) -> str:
    """The first part of every token of an account: tells one account's tokens from another's and nothing else."""
    digest = hmac.new(crypto.keyring().index_key, b"session-tag:" + account_id.bytes, hashlib.sha256)
    return digest.hexdigest()[:_TAG]


async def start(account: Account, client: str, *, only_complete_profile: bool = False) -> tuple[str, LoginSession]:
    """A new session and its token, which is nowhere stored. Runs in the caller's transaction."""
    now = clock.now()
    token = f"{tag_of(account.id)}.{crypto.new_secret(_SECRET_BITS)}"
    session = await LoginSession.create(
        created_at=now,
        account_id=account.id,
        token_hash=crypto.hash_secret(token),
        client=client,
        epoch=account.epoch,
        only_complete_profile=only_complete_profile,
        last_used_at=now,
        expires_at=now + timedelta(hours=settings().login_hours),
    )
    return token, session


async def authenticate(token: str, views: SessionViews) -> Caller:
    """Whose token it is, from the view or else the database. Raises SessionExpired."""
    tag, token_hash = _names_of(token)
    view = await views.get(tag, token_hash)
    if view is None or clock.now() >= view.use_due_at:  # a view that put itself back would outlive its seconds
        view = await _read_and_note_use(token_hash)
        await views.put(tag, token_hash, view, VIEW_SECONDS)
    if clock.now() >= view.ends_at:
        raise SessionExpired
    return view.caller


def recall(token: str, views: SessionViews) -> Caller | None:
    """Whose token it is as far as this process knows it by heart, without waiting; None says nothing."""
    view, now = views.remembered(*_names_of(token)), clock.now()
    return view.caller if view and now < view.ends_at and now < view.use_due_at else None


def _names_of(token: str) -> tuple[str, str]:
    return token.partition(".")[0][:_TAG], crypto.hash_secret(token)


# The columns that a view is made of: in the opening rush every firm of the country comes for the first time.
_OF_SESSIONS = ("id", "token_hash", "account_id", "epoch", "only_complete_profile", "last_used_at", "expires_at")
_OF_ACCOUNTS = ("id", "kind", "name", "number", "role", "firm_id", "cpa_id", "epoch")


async def _read(token_hashes: Sequence[str]) -> list[SessionView | None]:
    """The live session of each token, in two statements for all of them."""
    live = LoginSession.filter(token_hash__in=list(set(token_hashes)), revoked_at__isnull=True)
    sessions = await live.only(*_OF_SESSIONS)
    owners = Account.filter(id__in={session.account_id for session in sessions}, disabled_at__isnull=True)
    accounts = {account.id: account for account in await owners.only(*_OF_ACCOUNTS)}
    views = {session.token_hash: _view_of(session, accounts.get(session.account_id)) for session in sessions}
    return [views.get(token_hash) for token_hash in token_hashes]


_sessions: Together[str, SessionView | None] = Together(_read)


def _view_of(session: LoginSession, account: Account | None) -> SessionView | None:
    if account is None or session.epoch != account.epoch:
        return None
    return SessionView(caller_of(account, session), session.last_used_at, session.expires_at)


def caller_of(account: Account, session: LoginSession) -> Caller:
    return Caller(
        account_id=account.id,
        kind=account.kind,
        name=account.name,
        number=account.number,
        role=account.role,
        session_id=session.id,
        firm_id=account.firm_id,
        cpa_id=account.cpa_id,
        must_complete_profile=session.only_complete_profile,
        epoch=account.epoch,
    )


async def _read_and_note_use(token_hash: str) -> SessionView:
    """From the database. Raises SessionExpired."""
    view, now = await _sessions(token_hash), clock.now()
    if view is None or now >= view.ends_at:
        raise SessionExpired
    return await _note_use(view, now) if now >= view.use_due_at else view


async def _note_use(view: SessionView, now: datetime) -> SessionView:
    """Write the use down, once for however many requests notice at the same time."""
    unwritten = Q(last_used_at__lte=now - USE_WRITTEN_EVERY)
    await LoginSession.filter(unwritten, id=view.caller.session_id).update(last_used_at=now)
    return replace(view, last_used_at=now)


async def is_live(session_id: UUID | None) -> bool:
    """Whether a session is neither ended nor expired, asked of the database."""
    return await _owner_while_live(session_id) is not None


async def hold(session_id: UUID | None) -> Account | None:
    """Whose session it is, if it is live: and then it stays so until the running transaction ends.

    This writes its row, and so does every revocation to each live session of the account: one of them comes wholly
    before the other, on one server by the row's lock and in a cluster by what both have written.
    """
    if not await LoginSession.filter(id=session_id, revoked_at__isnull=True).update(last_used_at=clock.now()):
        return None
    return await _owner_while_live(session_id)


async def _owner_while_live(session_id: UUID | None) -> Account | None:
    if session_id is None:
        return None
    session = await LoginSession.get_or_none(id=session_id, revoked_at__isnull=True)
    account = await Account.get_or_none(id=session.account_id, disabled_at__isnull=True) if session else None
    view = _view_of(session, account) if session else None
    return account if view and clock.now() < view.ends_at else None
