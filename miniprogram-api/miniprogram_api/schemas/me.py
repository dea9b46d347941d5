"""设置 (manual §10): one's own account."""

from typing import Self
from uuid import UUID

from miniprogram_api.schemas.auth import Password
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
            version=account.version,
        )


class ContactRequest(Body):
    """What is left out stays."""

    contact_name: Line | None = None
    contact_mobile: Line | None = None


class PasswordRequest(Body):
    old_password: Password
    new_password: Password
