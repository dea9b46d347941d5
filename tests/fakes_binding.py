"""The waiting page of a binding, as tests play it."""

from dataclasses import dataclass
from uuid import UUID

from models.accounts import BindingTicket, WechatApp
from server.accounts.binding import FromPhone, choose, confirm, scanned
from server.accounts.caller import Caller
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

    async def scan(self, openid: str) -> str:
        return await scanned(self.new.ticket.app, self.new.secret, openid)

    async def confirm(self, nonce: str) -> str:
        return await confirm(FromPhone(nonce=nonce), self.world.exchange)

    async def scan_and_confirm(self, openid: str) -> str:
        return await self.confirm(await self.scan(openid))

    async def bind(self, openid: str) -> BindingTicket:
        return await choose(self.who, self.id, await self.scan_and_confirm(openid))

    async def ticket(self) -> BindingTicket:
        return await own_ticket(self.who, self.id)
