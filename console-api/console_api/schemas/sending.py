"""What staff ask of sending as a whole: pauses, alerts, digests, and what became of a message."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from console_api.schemas.deliveries import DeliveryView
from models.accounts import Account
from models.messages import Alert, DeliveryDigest, Message, MessageKind, SendingPause
from server.http.schemas import Body, Code, Line, Moment, PageQuery, View
from server.messages.digests import lines_of
from server.messages.events import EventName
from server.messages.pauses import label_of
from server.messages.reach import Reach


class SentMessageQuery(PageQuery):
    account_number: Code | None = Field(None, description="账号（事务所编号或注册会计师证号）")
    event: EventName | None = None
    application_id: UUID | None = None
    appointment_id: UUID | None = None
    notice_id: UUID | None = None
    unread: bool | None = Field(None, description="true：只看未读；false：只看已读")


class SentMessageView(View):
    """A message in the app of one account; `read_at` is null while it is unread."""

    id: UUID
    created_at: Moment
    account_name: str
    account_number: str
    kind: MessageKind
    event: str
    text: str
    status: str
    read_at: Moment | None

    @classmethod
    def of(cls, message: Message, account: Account) -> "SentMessageView":
        return cls(
            id=message.id,
            created_at=message.created_at,
            account_name=account.name,
            account_number=account.number,
            kind=message.kind,
            event=message.event,
            text=message.text,
            status="已读" if message.read_at else "未读",
            read_at=message.read_at,
        )


class ReachView(View):
    """站内, 微信, 短信: each recipient's state, time, reason and what to do."""

    message: SentMessageView
    deliveries: list[DeliveryView]

    @classmethod
    def of(cls, reach: Reach) -> "ReachView":
        message = SentMessageView.of(reach.message, reach.account)
        return cls(message=message, deliveries=[DeliveryView.of(entry) for entry in reach.deliveries])


class PauseRequest(Body):
    scope: Annotated[Line, Field(max_length=96)] = Field(
        description="渠道 channel:wechat、channel:mini_program、channel:sms，或模板 template:…"
    )
    reason: Annotated[Line, Field(min_length=1, max_length=200)]


class PauseView(View):
    """`held`: deliveries that wait for its end."""

    id: UUID
    created_at: Moment
    scope: str
    label: str
    code: str
    reason: str
    by: str
    held: int

    @classmethod
    def of(cls, pause: SendingPause, held: int) -> "PauseView":
        return cls(
            id=pause.id,
            created_at=pause.created_at,
            scope=pause.scope,
            label=label_of(pause.scope),
            code=pause.code,
            reason=pause.reason,
            by=pause.by,
            held=held,
        )


class PausesView(View):
    """`scopes`: everything that can be paused."""

    items: list[PauseView]
    scopes: list[str]


class AlertQuery(PageQuery):
    resolved: bool | None = Field(None, description="false：只看未处理；true：只看已处理")


class AlertView(View):
    """`times`: how often the fault showed itself, lastly at `last_at`."""

    id: UUID
    created_at: Moment
    kind: str
    subject: str
    text: str
    times: int
    last_at: Moment
    resolved_at: Moment | None
    resolved_by: str

    @classmethod
    def of(cls, alert: Alert) -> "AlertView":
        return cls.model_validate(alert)


class FailuresView(View):
    channel: str
    event: str
    code: str
    reason: str
    count: int


class DigestView(View):
    """What failed on one day, by channel, event and reason."""

    on: date
    total: int
    lines: list[FailuresView]

    @classmethod
    def of(cls, digest: DeliveryDigest) -> "DigestView":
        lines = [FailuresView.model_validate(line) for line in lines_of(digest)]
        return cls(on=digest.on_date, total=sum(line.count for line in lines), lines=lines)
