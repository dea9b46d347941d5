"""What the delivery ledger asks for and answers."""

from uuid import UUID

from pydantic import Field

from models.messages import Channel, DeliveryState
from server.http.schemas import Code, Line, Moment, PageQuery, View
from server.messages.entries import Entry
from server.messages.events import EventName
from server.messages.ledger import RecipientKind


class DeliveryQuery(PageQuery):
    state: DeliveryState | None = None
    channel: Channel | None = None
    event: EventName | None = None
    account_number: Code | None = Field(None, description="账号（事务所编号或注册会计师证号）")
    occurrence: Line | None = Field(None, max_length=100, description="同一件事的各条发送记录")
    message_id: UUID | None = Field(None, description="一条站内消息的各条发送记录")
    recipient: RecipientKind | None = Field(None, description="account 联系人，binding 微信，person 注师本人")


class DeliveryView(View):
    """One line of the ledger. The recipient is masked; `advice` says what to do."""

    id: UUID
    created_at: Moment
    event: str
    occurrence: str
    message_id: UUID | None
    channel: Channel
    template: str
    account_name: str
    account_number: str
    recipient: str
    text: str
    state: DeliveryState
    state_label: str
    held: bool
    attempts: int
    first_attempt_at: Moment | None
    next_at: Moment | None
    ended_at: Moment | None
    error_code: str
    reason: str
    advice: str
    can_retry: bool

    @classmethod
    def of(cls, entry: Entry) -> "DeliveryView":
        delivery = entry.delivery
        return cls(
            id=delivery.id,
            created_at=delivery.created_at,
            event=delivery.event,
            occurrence=delivery.occurrence,
            message_id=delivery.message_id,
            channel=delivery.channel,
            template=delivery.template,
            account_name=entry.account_name,
            account_number=entry.account_number,
            recipient=entry.recipient,
            text=entry.text,
            state=delivery.state,
            state_label=entry.state_label,
            held=entry.held,
            attempts=delivery.attempts,
            first_attempt_at=delivery.first_attempt_at,
            next_at=None if delivery.ended_at else delivery.next_at,
            ended_at=delivery.ended_at,
            error_code=delivery.error_code,
            reason=delivery.reason,
            advice=entry.advice,
            can_retry=entry.can_retry,
        )
