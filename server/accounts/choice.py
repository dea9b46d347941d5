"""Binding by QR, the waiting page's side: its owner chooses the number that his phone shows (decision D7)."""

from uuid import UUID

from models.accounts import BindingTicket, TicketState
from server.accounts import tickets
from server.accounts.bindings import Bound, bind
from server.accounts.caller import Caller
from server.accounts.moving import BoundElsewhere, HolderChanged
from server.accounts.sessions import SessionViews, is_live
from server.accounts.wechat_identity import WechatIdentity
from server.errors import Refusal
from server.transactions import in_transaction, retried


class WrongNumber(Refusal):
    """The one who chose was not looking at the phone that confirmed."""

    code = "wrong_number"
    message = "数字不一致，本次绑定已取消，请重新获取二维码"


class NotConfirmed(Refusal):
    code = "not_confirmed"
    message = "请先在手机上确认绑定"


async def choose(caller: Caller, public_id: UUID, number: str, *, views: SessionViews) -> BindingTicket:
    """One try; then the binding stands, moved from the account that the phone agreed to leave.

    Raises NotFound (another session's ticket), TicketGone, TicketUsed, TicketSessionEnded, NotConfirmed, WrongNumber,
    BoundElsewhere, HolderChanged.
    """
    ticket = await tickets.own_ticket(caller, public_id)
    await _check_choosable(ticket)
    if number != ticket.number:
        await tickets.refuse(ticket, WrongNumber())
        raise WrongNumber
    try:
        bound = await retried(lambda: _stand(ticket))
    except (BoundElsewhere, HolderChanged) as refusal:
        await tickets.refuse(ticket, refusal)
        raise
    await bound.tell(views)
    return await tickets.own_ticket(caller, public_id)


async def _check_choosable(ticket: BindingTicket) -> None:
    if ticket.state in (TicketState.BOUND, TicketState.REFUSED):
        raise tickets.TicketUsed
    if tickets.state_of(ticket) == "expired":
        raise tickets.TicketGone
    if ticket.state is not TicketState.CONFIRMED:
        raise NotConfirmed
    if not await is_live(ticket.session_id):  # asked of the database: a view may still believe in an ended session
        raise tickets.TicketSessionEnded


async def _stand(ticket: BindingTicket) -> Bound:
    async with in_transaction():
        await tickets.move(ticket, state=TicketState.BOUND)
        now = await BindingTicket.get(id=ticket.id)  # its unionid may have been learned meanwhile
        identity = WechatIdentity(now.openid or "", now.unionid)
        occurrence = f"wechat_bound:{now.id}"
        return await bind(now.session_id, now.app, identity, occurrence, leaving=now.moves_from)
