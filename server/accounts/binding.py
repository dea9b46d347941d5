"""Binding by QR: scan, preview, confirm on the phone, choose the number on the waiting page (decisions D6-D8)."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from config.settings import settings
from models.accounts import Account, BindingTicket, TicketState, WechatApp
from server import crypto
from server.accounts import tickets
from server.accounts.bindings import AlreadyBound, BoundElsewhere, bind, check_free
from server.accounts.caller import Caller
from server.accounts.tickets import TicketUsed
from server.accounts.wechat_identity import CodeExchange, WechatIdentity
from server.errors import Refusal
from server.messages.announce import notify_account
from server.transactions import in_transaction, retried

_NONCE_BITS = 192


class ScannedByAnother(Refusal):
    code = "scanned_by_another"
    message = "该二维码已被其他微信扫描，请重新获取"


class WrongNumber(Refusal):
    """The one who chose was not looking at the phone that confirmed."""

    code = "wrong_number"
    message = "数字不一致，本次绑定已取消，请重新获取二维码"


class NotConfirmed(Refusal):
    code = "not_confirmed"
    message = "请先在手机上确认绑定"


@dataclass(frozen=True)
class Whose:
    """What the phone shows before its owner confirms."""

    name: str
    number_masked: str


@dataclass(frozen=True)
class FromPhone:
    """What the phone sends: the nonce of the link it was given, or the mini-program code's ticket with a fresh
    wx.login code. The ticket alone authorises nothing."""

    nonce: str | None = None
    ticket: str | None = None
    code: str | None = None


async def scanned(app: WechatApp, scene_secret: str, openid: str, unionid: str | None = None) -> str:
    """A SCAN or subscribe event with our scene: a one-use nonce for this openid, to be sent as a link.

    Scanned again by the same person, it gives a fresh nonce. Raises TicketGone, TicketSessionEnded, TicketUsed,
    ScannedByAnother, BoundElsewhere, AlreadyBound.
    """
    ticket = await tickets.by_secret(scene_secret, app)
    if ticket.openid and ticket.openid != openid:
        raise ScannedByAnother
    if ticket.state not in (TicketState.WAITING, TicketState.SCANNED):
        raise TicketUsed
    await _check_free(ticket, openid)
    nonce = crypto.new_secret(_NONCE_BITS)
    hashed = crypto.hash_secret(nonce)
    await tickets.move(ticket, state=TicketState.SCANNED, openid=openid, unionid=unionid, nonce_hash=hashed)
    return nonce


def confirm_link(nonce: str) -> str:
    """Where the phone confirms. A fragment is sent to no server and stands in no log.

    The page is the client's, at the address by which people reach us; the simulator has one for development.
    """
    chosen = settings()
    origin = chosen.base_url if chosen.wechat.base_url else chosen.simulator_url
    return f"{origin}/wechat/bind#nonce={nonce}"


async def preview(phone: FromPhone) -> Whose:
    """Whose account is about to be bound. Raises as `scanned`."""
    ticket = await _of_phone(phone)
    account = await Account.get(id=ticket.account_id)
    return Whose(account.name, crypto.mask(account.number, 1, 1))


async def confirm(phone: FromPhone, exchange: CodeExchange) -> str:
    """The phone's owner agrees: the number to choose on the waiting page, two digits. Works once.

    Raises TicketGone, TicketUsed, TicketSessionEnded, BoundElsewhere, AlreadyBound, CodeRefused.
    """
    ticket = await _of_phone(phone)
    identity = await _identity(ticket, phone, exchange)
    await _check_free(ticket, identity.openid)
    choices = _three_numbers()
    number = secrets.choice(choices)
    await tickets.move(
        ticket,
        state=TicketState.CONFIRMED,
        openid=identity.openid,
        unionid=identity.unionid,
        number=number,
        choices=",".join(choices),
    )
    return number


async def _of_phone(phone: FromPhone) -> BindingTicket:
    """The ticket in the state that awaits this phone."""
    if phone.nonce:
        ticket, awaited = await tickets.by_nonce(phone.nonce), TicketState.SCANNED
    else:
        ticket, awaited = await tickets.by_secret(phone.ticket or "", WechatApp.MINI_PROGRAM), TicketState.WAITING
    if ticket.state is not awaited:
        raise TicketUsed
    return ticket


async def _identity(ticket: BindingTicket, phone: FromPhone, exchange: CodeExchange) -> WechatIdentity:
    if phone.nonce and ticket.openid:
        return WechatIdentity(ticket.openid, ticket.unionid)
    return await exchange.exchange(phone.code or "")


def _three_numbers() -> list[str]:
    return [str(n) for n in secrets.SystemRandom().sample(range(10, 100), 3)]


async def _check_free(ticket: BindingTicket, openid: str) -> None:
    """An openid bound already ends the ticket, so that both the phone and the waiting page are told."""
    try:
        await check_free(ticket.app, openid, tickets.owner_of(ticket))
    except (BoundElsewhere, AlreadyBound) as refusal:
        await _refuse(ticket, refusal)
        raise


async def choose(caller: Caller, public_id: UUID, number: str) -> BindingTicket:
    """The waiting page's owner chooses the number his phone shows; then the binding stands.

    Raises NotFound (another session's ticket), TicketGone, TicketUsed, NotConfirmed, WrongNumber, BoundElsewhere.
    """
    ticket = await tickets.own_ticket(caller, public_id)
    _check_choosable(ticket)
    if number != ticket.number:
        await _refuse(ticket, WrongNumber())
        raise WrongNumber
    try:
        await retried(lambda: _stand(ticket))
    except BoundElsewhere as refusal:
        await _refuse(ticket, refusal)
        raise
    return await tickets.own_ticket(caller, public_id)


def _check_choosable(ticket: BindingTicket) -> None:
    if ticket.state in (TicketState.BOUND, TicketState.REFUSED):
        raise TicketUsed
    if tickets.state_of(ticket) == "expired":
        raise tickets.TicketGone
    if ticket.state is not TicketState.CONFIRMED:
        raise NotConfirmed


async def _stand(ticket: BindingTicket) -> None:
    identity = WechatIdentity(ticket.openid or "", ticket.unionid)
    async with in_transaction():
        await tickets.move(ticket, state=TicketState.BOUND)
        await bind(tickets.owner_of(ticket), ticket.app, identity, f"wechat_bound:{ticket.id}")


async def _refuse(ticket: BindingTicket, refusal: Refusal) -> None:
    """End the ticket, and tell its account that somebody tried."""
    await retried(lambda: _end(ticket, refusal))


async def _end(ticket: BindingTicket, refusal: Refusal) -> None:
    async with in_transaction():
        await tickets.refuse(ticket, refusal.code)
        await notify_account(tickets.owner_of(ticket), "wechat_refused", f"wechat_refused:{ticket.id}", {})
