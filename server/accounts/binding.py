"""Binding by QR, the phone's side: scan, preview, confirm (decisions D6-D8). The waiting page's side is `choice`."""

import secrets
from dataclasses import asdict, dataclass
from uuid import UUID

from config.settings import settings
from models.accounts import BindingTicket, TicketState, WechatApp
from server import crypto
from server.accounts import tickets
from server.accounts.moving import AlreadyBound, Whose, holder_to_leave
from server.accounts.tickets import TicketUsed
from server.accounts.wechat_identity import CodeExchange, WechatIdentity
from server.errors import Refusal

_NONCE_BITS = 192


class ScannedByAnother(Refusal):
    code = "scanned_by_another"
    message = "该二维码已被其他微信扫描，请重新获取"


@dataclass(frozen=True)
class FromPhone:
    """What the phone sends: the nonce of the link it was given, or the mini-program code's ticket with a fresh
    wx.login code. The ticket alone authorises nothing. `move`: its owner agrees to leave the account it is bound to."""

    nonce: str | None = None
    ticket: str | None = None
    code: str | None = None
    move: bool = False


@dataclass(frozen=True)
class Preview:
    """Both accounts concerned: to which this phone would be bound, and which it would leave for it."""

    whose: Whose
    bound_to: Whose | None


async def scanned(app: WechatApp, scene_secret: str, openid: str, unionid: str | None = None) -> str:
    """A SCAN or subscribe event with our scene: a one-use nonce for this openid, to be sent as a link.

    Scanned again by the same person, it gives a fresh nonce. Raises TicketGone, TicketSessionEnded, TicketUsed,
    ScannedByAnother, AlreadyBound.
    """
    ticket = await tickets.by_secret(scene_secret, app)
    if ticket.openid and ticket.openid != openid:
        raise ScannedByAnother
    if ticket.state not in (TicketState.WAITING, TicketState.SCANNED):
        raise TicketUsed
    await _holder_to_leave(ticket, openid, agreed=True)  # asked for when the phone confirms
    nonce = crypto.new_secret(_NONCE_BITS)
    known = {"openid": openid} | ({"unionid": unionid} if unionid else {})
    await tickets.move(ticket, state=TicketState.SCANNED, nonce_hash=crypto.hash_secret(nonce), **known)
    return nonce


def confirm_link(nonce: str) -> str:
    """Where the phone confirms. A fragment is sent to no server and stands in no log.

    The page is the client's, at the address by which people reach us; the simulator has one for development.
    """
    chosen = settings()
    origin = chosen.base_url if chosen.wechat.base_url else chosen.simulator_url
    return f"{origin}/wechat/bind#nonce={nonce}"


async def preview(phone: FromPhone, exchange: CodeExchange) -> Preview:
    """Whose account is about to be bound, and which one the phone would leave.

    A mini program learns the latter only with a code. Raises TicketGone, TicketUsed, TicketSessionEnded, AlreadyBound,
    CodeRefused.
    """
    ticket = await _of_phone(phone)
    openid = (await exchange.exchange(phone.code)).openid if phone.code else ticket.openid
    to = tickets.owner_of(ticket)
    leaving = await holder_to_leave(ticket.app, openid, to, agreed=True) if openid else None
    return Preview(await Whose.of(to), await Whose.of(leaving) if leaving else None)


async def confirm(phone: FromPhone, exchange: CodeExchange) -> str:
    """The phone's owner agrees: the number to choose on the waiting page, two digits. Works once.

    Raises TicketGone, TicketUsed, TicketSessionEnded, AlreadyBound, CodeRefused, and BoundElsewhere without `move`,
    after which the phone may confirm again.
    """
    ticket = await _of_phone(phone)
    identity = await _identity(ticket, phone, exchange)
    leaving = await _holder_to_leave(ticket, identity.openid, agreed=phone.move)
    choices = _three_numbers()
    number = secrets.choice(choices)
    proven = {} if phone.nonce else asdict(identity)  # of a scan both stand on the ticket
    await tickets.move(
        ticket,
        state=TicketState.CONFIRMED,
        moves_from=leaving,
        number=number,
        choices=",".join(choices),
        **proven,
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


async def _holder_to_leave(ticket: BindingTicket, openid: str, *, agreed: bool) -> UUID | None:
    """An openid that is bound here already ends the ticket, so that both the phone and the waiting page are told."""
    try:
        return await holder_to_leave(ticket.app, openid, tickets.owner_of(ticket), agreed=agreed)
    except AlreadyBound as refusal:
        await tickets.refuse(ticket, refusal)
        raise


def _three_numbers() -> list[str]:
    return [str(n) for n in secrets.SystemRandom().sample(range(10, 100), 3)]
