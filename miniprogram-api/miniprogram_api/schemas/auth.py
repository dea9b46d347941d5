"""Login, first login, password reset: what they ask and answer."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from models.accounts import Account, AccountKind
from server.accounts.contact import masked_mobile_of
from server.accounts.login import LoggedIn
from server.accounts.mini_program import BindRequired
from server.http.schemas import Body, Line, Moment, View

Password = Annotated[str, StringConstraints(min_length=1, max_length=128)]
AccountNumber = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)]
WechatCode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
Secret = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Move = Annotated[bool, Field(description="该微信已绑定其他账号时：本人同意改绑，原账号会收到通知")]


def one_of(what: str, *given: object) -> None:
    """Raises ValueError unless exactly one is given; `what` names them."""
    if sum(value is not None for value in given) != 1:
        raise ValueError(f"{what}须提供且只提供一个")


class LoginRequest(Body):
    account: AccountNumber = Field(description="事务所执业证书编号，或注册会计师证书编号")
    password: Password


class CompleteProfileRequest(Body):
    contact_name: Line | None = Field(None, description="联系人姓名；代管注师不填")
    contact_mobile: Line | None = Field(None, description="手机号；在小程序内可改为提供 phone_code")
    phone_code: WechatCode | None = Field(None, description="小程序手机号按钮的 code，代替 contact_mobile")
    new_password: Password

    @model_validator(mode="after")
    def _one_mobile(self) -> Self:
        one_of("contact_mobile 与 phone_code ", self.contact_mobile, self.phone_code)
        return self


class ResetCodeRequest(Body):
    account: AccountNumber
    initial_password: Password


class ResetRequest(Body):
    account: AccountNumber
    initial_password: Password
    new_password: Password
    code: Line | None = Field(None, description="收到的验证码；在小程序内可改为提供 phone_code")
    phone_code: WechatCode | None = Field(None, description="小程序手机号按钮的 code；本机号码须为登记手机号")

    @model_validator(mode="after")
    def _one_code(self) -> Self:
        one_of("code 与 phone_code ", self.code, self.phone_code)
        return self


class ResetCodeAnswer(View):
    """The same whatever was sent."""

    message: str = (
        "如账号与初始密码无误，验证码已发往登记手机和已绑定的微信，5分钟内有效。从未登录过的账号请直接用初始密码登录。"
    )


class WechatLoginRequest(Body):
    code: WechatCode


class WechatBindRequest(LoginRequest):
    ticket: Secret
    move: Move = False


class AccountView(View):
    id: UUID
    kind: AccountKind
    name: str
    number: str
    contact_name: str
    contact_mobile_masked: str

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(
            id=account.id,
            kind=account.kind,
            name=account.name,
            number=account.number,
            contact_name=account.contact_name,
            contact_mobile_masked=masked_mobile_of(account),
        )


class LoginView(View):
    token: str
    expires_at: Moment
    account: AccountView
    must_complete_profile: bool

    @classmethod
    def of(cls, logged_in: LoggedIn) -> Self:
        return cls(
            token=logged_in.token,
            expires_at=logged_in.session.expires_at,
            account=AccountView.of(logged_in.account),
            must_complete_profile=logged_in.session.only_complete_profile,
        )


class WechatLoginView(View):
    """Either a login, or `bind_required` with the ticket to send along with account and password."""

    bind_required: bool
    ticket: str | None = None
    token: str | None = None
    expires_at: Moment | None = None
    account: AccountView | None = None
    must_complete_profile: bool = False

    @classmethod
    def of(cls, answer: LoggedIn | BindRequired) -> Self:
        if isinstance(answer, BindRequired):
            return cls(bind_required=True, ticket=answer.ticket)
        return cls(bind_required=False, **dict(LoginView.of(answer)))
