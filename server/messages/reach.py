"""What became of one message: read in the app or not, and every delivery of its event, for staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from models.accounts import Account
from models.messages import Delivery, Message
from server.messages.entries import Entry, describe
from server.messages.inbox import MessageNotFound, parse_cursor


@dataclass(frozen=True)
class Reach:
    """`deliveries`, oldest first: to the account's WeChat and contact, and to the CPAs concerned."""

    message: Message
    account: Account
    deliveries: Sequence[Entry]


@dataclass(frozen=True)
class Wanted:
    """Filters of staff's list of messages; None: any."""

    account_number: str | None = None
    event: str | None = None
    application_id: UUID | None = None
    appointment_id: UUID | None = None
    notice_id: UUID | None = None
    unread: bool | None = None
    cursor: str | None = None
    limit: int = 20


async def list_sent_messages(wanted: Wanted) -> tuple[list[tuple[Message, Account]], str | None]:
    """Messages with whose they are, newest first, and the next page's cursor. Raises BadCursor."""
    filters = {
        "event": wanted.event,
        "application_id": wanted.application_id,
        "appointment_id": wanted.appointment_id,
        "notice_id": wanted.notice_id,
        "read_at__isnull": wanted.unread,
        "id__lt": parse_cursor(wanted.cursor) if wanted.cursor else None,
    }
    found = Message.filter(**{name: value for name, value in filters.items() if value is not None})
    if wanted.account_number:
        ids = await Account.filter(number=wanted.account_number).values_list("id", flat=True)
        found = found.filter(account_id__in=ids)
    rows = await found.order_by("-id").limit(wanted.limit + 1)
    page = rows[: wanted.limit]
    accounts = {account.id: account for account in await Account.filter(id__in={row.account_id for row in page})}
    next_cursor = str(page[-1].id) if len(rows) > len(page) else None
    return [(row, accounts[row.account_id]) for row in page], next_cursor


async def reach_of(message_id: UUID) -> Reach:
    """Raises MessageNotFound."""
    message = await Message.get_or_none(id=message_id)
    if message is None:
        raise MessageNotFound
    account = await Account.get(id=message.account_id)
    rows = await Delivery.filter(occurrence=message.occurrence, account_id=account.id).order_by("id")
    return Reach(message, account, await describe(rows))
