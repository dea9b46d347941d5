"""The waiting page of a binding, as tests play it."""

from dataclasses import dataclass
from uuid import UUID

from models.accounts import BindingTicket, WechatApp
from server.accounts.binding import FromPhone, confirm, scanned
from server.accounts.caller import Caller
from server.accounts.choice import choose
from server.accounts.tickets import NewTicket, create_ticket, own_ticket
from tests.fakes_accounts import Party, World, caller

OFFICIAL, MINI = WechatApp.OFFICIAL_ACCOUNT, WechatApp.MINI_PROGRAM


@dataclass
class Page:
    """The waiting page of a logged-in firm with its QR, and a phone that may scan it."""

    world: World
    firm: Party
    who: Caller
    new: NewTicket

    @classmethod
    async def open(cls, world: World, firm: Party | None = None, app: WechatApp = OFFICIAL) -> "Page":
        firm = firm or await world.firm()
        who = await caller(firm)
        new = await create_ticket(who, app, qr=world.qr, limiter=world.limiter)
        return cls(world, firm, who, new)

    @property
    def id(self) -> UUID:
        return self.new.ticket.id

    async def scan(self, openid: str, unionid: str | None = None) -> str:
        return await scanned(self.new.ticket.app, self.new.secret, openid, unionid)

    async def confirm(self, nonce: str, *, move: bool = False) -> str:
        return await confirm(FromPhone(nonce=nonce, move=move), self.world.exchange)

    async def confirm_by(self, openid: str, unionid: str | None = None, *, move: bool = False) -> str:
        """What the phone of this openid does with the QR, of either kind, up to the number it shows."""
        if self.new.ticket.app is OFFICIAL:
            return await self.confirm(await self.scan(openid, unionid), move=move)
        code = self.world.exchange.code_of(openid, unionid)
        return await confirm(FromPhone(ticket=self.new.secret, code=code, move=move), self.world.exchange)

    async def choose(self, number: str) -> BindingTicket:
        return await choose(self.who, self.id, number, views=self.world.views)

    async def bind(self, openid: str, unionid: str | None = None, *, move: bool = False) -> BindingTicket:
        return await self.choose(await self.confirm_by(openid, unionid, move=move))

    async def wrong_number(self) -> str:
        """One of those on offer that the phone does not show."""
        ticket = await self.ticket()
        return next(number for number in ticket.choices.split(",") if number != ticket.number)

    async def ticket(self) -> BindingTicket:
        return await own_ticket(self.who, self.id)
