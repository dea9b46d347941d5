"""What a channel outside the app is given to send, what it may answer, and what a receipt says later."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

SMS_AT_ONCE = 16  # texts on their way at once from one process: as many as there are connections, so that none waits


@dataclass(frozen=True)
class Outgoing:
    """One try of one delivery. `template` is a key of the settings' templates (WeChat's or the SMS provider's),
    `fields` are WeChat's, `params` the SMS template's blanks in order. `url` is the page it opens. `client_msg_id`
    names the delivery to the provider: repeated within ten minutes it is shown once."""

    delivery_id: UUID
    address: str  # openid or mobile
    text: str
    template: str
    fields: dict[str, str]
    url: str
    client_msg_id: str
    params: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sent:
    """Accepted by the provider, which is not yet seen by the person: the receipt says that."""

    provider_id: str


@dataclass(frozen=True)
class InDoubt:
    """It left us and no answer came: it may have arrived. Only the same client_msg_id may be sent again, and nothing
    at all where the provider knows no such id (`repeatable` false): then the receipt decides, or nobody."""

    reason: str
    repeatable: bool = True


@dataclass(frozen=True)
class TryLater:
    """Not accepted now. `seconds` is the least time to wait. A limit that is known to pass `counts` for no try, so that
    waiting it out costs none of those there are; within a day it does."""

    seconds: int
    code: str
    reason: str
    counts: bool = True


@dataclass(frozen=True)
class Refused:
    """Definite, for this recipient: not following, muted, unknown address."""

    code: str
    reason: str


@dataclass(frozen=True)
class Failed:
    """Definite, for this message. `pauses` names the scope that is to be held until staff lift it, because every
    other message of it would fail alike: "template:progress", "channel:wechat"."""

    code: str
    reason: str
    pauses: str = ""


Outcome = Sent | InDoubt | TryLater | Refused | Failed


@dataclass(frozen=True)
class Delivered:
    """The provider says that the person has it."""


@dataclass(frozen=True)
class Receipt:
    """The provider's later word on a message it accepted as `provider_id`. Where that number never reached us, the
    delivery is found by its own id, if the receipt carries it, or by the person (openid) and WeChat's template id."""

    provider_id: str
    outcome: Delivered | Refused | Failed
    delivery_id: UUID | None = None
    address: str = ""
    template_id: str = ""


class Sender(Protocol):
    async def send(self, outgoing: Outgoing) -> Outcome:
        """Never raises for what the provider or the network says; holds no transaction."""
        ...
