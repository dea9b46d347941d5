"""设置 (manual §10): one's own account."""

from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from miniprogram_api.schemas.auth import Password, WechatCode
from models.accounts import Account, AccountKind
from server.accounts.contact import mobile_of
from server.http.schemas import Body, Line, View


class MeView(View):
    """The owner sees his own mobile in full. `version` goes into If-Match of a change."""

    id: UUID
    kind: AccountKind
    name: str
    number: str
    contact_name: str
    contact_mobile: str
    contact_mobile_verified: bool = Field(description="由微信手机号按钮核实")
    version: int

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(
            id=account.id,
            kind=account.kind,
            name=account.name,
            number=account.number,
            contact_name=account.contact_name,
            contact_mobile=mobile_of(account),
            contact_mobile_verified=account.contact_mobile_verified_at is not None,
            version=account.version,
        )


class ContactRequest(Body):
    """What is left out stays."""

    contact_name: Line | None = None
    contact_mobile: Line | None = None
    phone_code: WechatCode | None = Field(None, description="小程序手机号按钮的 code，代替 contact_mobile")

    @model_validator(mode="after")
    def _one_mobile(self) -> Self:
        if self.contact_mobile is not None and self.phone_code is not None:
            raise ValueError("contact_mobile 与 phone_code 只能提供一个")
        return self


class PasswordRequest(Body):
    old_password: Password
    new_password: Password
