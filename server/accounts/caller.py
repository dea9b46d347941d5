"""Who asks: everything a service needs to know of the account behind a request."""

from dataclasses import dataclass
from uuid import UUID

from models.accounts import AccountKind
from server.audit.trail import Actor


@dataclass(frozen=True)
class Caller:
    account_id: UUID
    kind: AccountKind
    name: str
    number: str
    role: str | None  # staff only, a key of config/roles.yaml
    session_id: UUID
    firm_id: UUID | None
    cpa_id: UUID | None
    must_complete_profile: bool
    epoch: int  # the account's, when this was read

    @property
    def actor(self) -> Actor:
        """The caller as the audit trail names him."""
        return Actor(self.account_id, self.name)
