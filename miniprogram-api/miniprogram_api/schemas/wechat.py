"""微信绑定 (manual §10): bindings, tickets, and what the phone sends."""

import base64
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from miniprogram_api.schemas.auth import Move, Secret, WechatCode, one_of
from models.accounts import BindingTicket, WechatApp, WechatBinding
from server.accounts.binding import FromPhone, Preview
from server.accounts.tickets import NewTicket, state_of
from server.http.schemas import Body, Moment, View


class BindingView(View):
    id: UUID
    kind: WechatApp
    bound_at: Moment
    last_used_at: Moment | None = Field(description="最近一次用该微信登录小程序；未登录过为绑定时间")
    reachable: bool = Field(description="能否收到服务号提醒：已关注服务号；小程序的提醒按同意次数发送，此处为 false")

    @classmethod
    def of(cls, binding: WechatBinding) -> Self:
        return cls(
            id=binding.id,
            kind=binding.app,
            bound_at=binding.created_at,
            last_used_at=binding.last_used_at,
            reachable=binding.reachable and binding.app is WechatApp.OFFICIAL_ACCOUNT,
        )


class BindThisPhoneRequest(Body):
    code: WechatCode
    move: Move = False


class TicketRequest(Body):
    kind: WechatApp | None = Field(None, description="不填：由协会设置决定")


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
    moves: bool = Field(description="手机已同意从其他账号改绑到本账号")
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
                "moves": ticket.moves_from is not None,
                "expires_at": ticket.expires_at,
            }
        )


class ChooseRequest(Body):
    number: Annotated[str, Field(pattern=r"^[0-9]{2}$")]


class PreviewRequest(Body):
    """From the phone: the link's nonce, or the ticket a mini-program code carries."""

    nonce: Secret | None = None
    ticket: Secret | None = None
    code: WechatCode | None = Field(None, description="与 ticket 一起：wx.login 的 code，用来得知该微信绑定的账号")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        one_of("nonce 与 ticket ", self.nonce, self.ticket)
        if self.nonce and self.code:
            raise ValueError("code 只与 ticket 一起提供")
        return self

    def from_phone(self) -> FromPhone:
        return FromPhone(nonce=self.nonce, ticket=self.ticket, code=self.code)


class ConfirmRequest(PreviewRequest):
    code: WechatCode | None = Field(None, description="与 ticket 一起提供：wx.login 的 code")
    move: Move = False

    @model_validator(mode="after")
    def _ticket_with_code(self) -> Self:
        if bool(self.ticket) is not bool(self.code):
            raise ValueError("ticket 须与 code 一起提供")
        return self

    def from_phone(self) -> FromPhone:
        return FromPhone(nonce=self.nonce, ticket=self.ticket, code=self.code, move=self.move)


class WhoseView(View):
    name: str
    number_masked: str


class PreviewView(WhoseView):
    """Whose account is about to be bound, and which one this WeChat would leave for it: confirm with `move` then."""

    bound_to: WhoseView | None = Field(description="该微信现在绑定的其他账号；小程序须带 code 才能得知")

    @classmethod
    def of(cls, preview: Preview) -> Self:
        leaving = WhoseView.model_validate(preview.bound_to) if preview.bound_to else None
        return cls(name=preview.whose.name, number_masked=preview.whose.number_masked, bound_to=leaving)


class ConfirmView(View):
    """To be shown on the phone: the waiting page asks for it."""

    number: str
