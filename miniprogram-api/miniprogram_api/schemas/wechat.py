"""微信绑定 (manual §10): bindings, tickets, and what the phone sends."""

import base64
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from miniprogram_api.schemas.auth import Secret, WechatCode
from models.accounts import BindingTicket, WechatApp, WechatBinding
from server.accounts.binding import FromPhone
from server.accounts.tickets import NewTicket, state_of
from server.http.schemas import Body, Moment, View


class BindingView(View):
    id: UUID
    kind: WechatApp
    bound_at: Moment
    last_used_at: Moment | None
    reachable: bool = Field(description="能否收到提醒：已关注服务号")

    @classmethod
    def of(cls, binding: WechatBinding) -> Self:
        return cls(
            id=binding.id,
            kind=binding.app,
            bound_at=binding.created_at,
            last_used_at=binding.last_used_at,
            reachable=binding.reachable,
        )


class BindThisPhoneRequest(Body):
    code: WechatCode


class TicketRequest(Body):
    kind: Literal[WechatApp.OFFICIAL_ACCOUNT] = WechatApp.OFFICIAL_ACCOUNT


class NewTicketView(View):
    """`public_id` stands in paths; `ticket` is the secret that the QR carries."""

    public_id: UUID
    ticket: str
    qr_png: str = Field(description="data:image/png;base64,…")
    kind: WechatApp
    expires_at: Moment

    @classmethod
    def of(cls, new: NewTicket) -> Self:
        return cls(
            public_id=new.ticket.id,
            ticket=new.secret,
            qr_png=f"data:image/png;base64,{base64.b64encode(new.png).decode()}",
            kind=new.ticket.app,
            expires_at=new.ticket.expires_at,
        )


class TicketView(View):
    """What the waiting page shows. `choices` come once the phone has confirmed: the owner picks the one it shows."""

    public_id: UUID
    state: Literal["waiting", "scanned", "confirmed", "bound", "refused", "expired"]
    choices: list[str]
    reason: str
    expires_at: Moment

    @classmethod
    def of(cls, ticket: BindingTicket) -> Self:
        state = state_of(ticket)
        return cls.model_validate(
            {
                "public_id": ticket.id,
                "state": state,
                "choices": ticket.choices.split(",") if state == "confirmed" else [],
                "reason": ticket.reason,
                "expires_at": ticket.expires_at,
            }
        )


class ChooseRequest(Body):
    number: Annotated[str, Field(pattern=r"^[0-9]{2}$")]


class PreviewRequest(Body):
    """From the phone: the link's nonce, or the ticket a mini-program code carries."""

    nonce: Secret | None = None
    ticket: Secret | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.nonce) is bool(self.ticket):
            raise ValueError("nonce 与 ticket 须提供且只提供一个")
        return self

    def from_phone(self) -> FromPhone:
        return FromPhone(nonce=self.nonce, ticket=self.ticket)


class ConfirmRequest(PreviewRequest):
    code: WechatCode | None = Field(None, description="与 ticket 一起提供：wx.login 的 code")

    @model_validator(mode="after")
    def _ticket_with_code(self) -> Self:
        if bool(self.ticket) is not bool(self.code):
            raise ValueError("ticket 须与 code 一起提供")
        return self

    def from_phone(self) -> FromPhone:
        return FromPhone(nonce=self.nonce, ticket=self.ticket, code=self.code)


class PreviewView(View):
    name: str
    number_masked: str


class ConfirmView(View):
    """To be shown on the phone: the waiting page asks for it."""

    number: str
