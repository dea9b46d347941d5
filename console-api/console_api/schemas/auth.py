"""Staff login."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import StringConstraints

from models.accounts import Account
from server.accounts.login import LoggedIn
from server.accounts.rights import rights_of, roles
from server.http.schemas import Body, Moment, View


class StaffLoginRequest(Body):
    account: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class StaffView(View):
    id: UUID
    number: str
    name: str
    role: str
    role_label: str
    rights: list[str]

    @classmethod
    def of(cls, account: Account) -> Self:
        role = account.role or ""
        known = roles().roles.get(role)
        return cls(
            id=account.id,
            number=account.number,
            name=account.name,
            role=role,
            role_label=known.label if known else "",
            rights=sorted(rights_of(role)),
        )


class StaffLoginView(View):
    token: str
    expires_at: Moment
    account: StaffView

    @classmethod
    def of(cls, logged_in: LoggedIn) -> Self:
        return cls(
            token=logged_in.token,
            expires_at=logged_in.session.expires_at,
            account=StaffView.of(logged_in.account),
        )
