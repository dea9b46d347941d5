"""Binding tickets: one try to bind a WeChat user, made by a login session and watched by its page (decisions D6-D8)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise.expressions import F

from models.accounts import BindingTicket, TicketState, WechatApp
from server import clock, crypto
from server.accounts.caller import Caller
from server.accounts.guessing import count_keys
from server.accounts.limits import Limiter
from server.accounts.sessions import is_live
from server.accounts.wechat_identity import BindingQr
from server.errors import NotFound, Refusal
from server.messages.announce import notify_account
from server.transactions import in_transaction, retried

LIFE = timedelta(minutes=5)
_SECRET_BITS = 128  # 22 characters: the scene of a mini-program code holds 32
_MOST_TICKETS, _TICKETS_SECONDS = 20, 600
_FINAL = {TicketState.BOUND, TicketState.REFUSED}


class TicketGone(Refusal):
    """Unknown or past its five minutes: never told apart."""

    code = "ticket_gone"
    message = "二维码已失效，请重新获取"


class TicketUsed(Refusal):
    """A ticket or nonce moves on once; sending it again does nothing."""

    code = "ticket_used"
    message = "该二维码已使用过，请重新获取"


class TicketSessionEnded(Refusal):
    code = "ticket_session_ended"
    message = "发起绑定的登录已退出，请重新登录后再试"


@dataclass(frozen=True)
class NewTicket:
    """`secret` stands in the QR and in bodies only; the public id stands in paths."""

    ticket: BindingTicket
    secret: str
    png: bytes


async def create_ticket(caller: Caller, app: WechatApp, *, qr: BindingQr, limiter: Limiter) -> NewTicket:
    """Raises WechatUnavailable; nothing is written then."""
    await count_keys(limiter, f"tickets:{caller.account_id}", limit=_MOST_TICKETS, seconds=_TICKETS_SECONDS)
    secret = crypto.new_secret(_SECRET_BITS)
    png = await qr.draw(secret, int(LIFE.total_seconds()))
    ticket = await write_ticket(secret, app, account_id=caller.account_id, session_id=caller.session_id)
    return NewTicket(ticket, secret, png)


async def write_ticket(secret: str, app: WechatApp, **columns: Any) -> BindingTicket:
    now = clock.now()
    return await BindingTicket.create(
        created_at=now, app=app, secret_hash=crypto.hash_secret(secret), expires_at=now + LIFE, **columns
    )


async def own_ticket(caller: Caller, public_id: UUID) -> BindingTicket:
    """Only the login session that made a ticket sees it. Raises NotFound."""
    ticket = await BindingTicket.get_or_none(id=public_id, session_id=caller.session_id)
    if ticket is None:
        raise NotFound
    return ticket


def owner_of(ticket: BindingTicket) -> UUID:
    """Whose account it binds to. Tickets of a mini-program login have none and never come here."""
    assert ticket.account_id is not None
    return ticket.account_id


def state_of(ticket: BindingTicket) -> str:
    """The stored state, or "expired"."""
    is_over = ticket.state not in _FINAL and ticket.expires_at <= clock.now()
    return "expired" if is_over else ticket.state.value


async def _one_second() -> None:
    await asyncio.sleep(1)


async def watch(
    caller: Caller, public_id: UUID, pause: Callable[[], Awaitable[None]] = _one_second
) -> AsyncIterator[BindingTicket]:
    """The ticket now and after each change, until it is final, expired or its session has ended.

    Reads between pauses and holds nothing while it waits. The caller checks with `own_ticket` first.
    """
    told = ""
    while True:
        ticket = await own_ticket(caller, public_id)
        if (state := state_of(ticket)) != told:
            told = state
            yield ticket
        if ticket.state in _FINAL or state == "expired" or not await is_live(ticket.session_id):
            return
        await pause()


async def by_nonce(nonce: str) -> BindingTicket:
    """Raises TicketGone, TicketSessionEnded."""
    return await _alive(await BindingTicket.get_or_none(nonce_hash=crypto.hash_secret(nonce)))


async def by_secret(secret: str, app: WechatApp) -> BindingTicket:
    """A ticket that a login session made. Raises TicketGone, TicketSessionEnded."""
    made = BindingTicket.filter(secret_hash=crypto.hash_secret(secret), app=app, account_id__isnull=False)
    return await _alive(await made.first())


async def _alive(ticket: BindingTicket | None) -> BindingTicket:
    if ticket is None or ticket.expires_at <= clock.now():
        raise TicketGone
    if not await is_live(ticket.session_id):
        raise TicketSessionEnded
    return ticket


async def move(ticket: BindingTicket, **changes: Any) -> None:
    """Change the ticket if nobody else did meanwhile. Raises TicketUsed."""
    unchanged = BindingTicket.filter(id=ticket.id, version=ticket.version, state=ticket.state)
    if not await unchanged.update(**changes, version=F("version") + 1):
        raise TicketUsed


async def refuse(ticket: BindingTicket, refusal: Refusal) -> None:
    """End the ticket: its page is told why, and its account that somebody tried. Raises TicketUsed."""
    await retried(lambda: _end(ticket, refusal))


async def _end(ticket: BindingTicket, refusal: Refusal) -> None:
    async with in_transaction():
        await move(ticket, state=TicketState.REFUSED, reason=refusal.code)
        await notify_account(owner_of(ticket), "wechat_refused", f"wechat_refused:{ticket.id}", {})
