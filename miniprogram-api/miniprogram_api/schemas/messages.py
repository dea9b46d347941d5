"""What the message centre asks for and answers."""

from uuid import UUID

from pydantic import Field, computed_field

from models.messages import MessageKind
from server.http.schemas import Body, Moment, PageQuery, View


class MessageQuery(PageQuery):
    kind: MessageKind | None = None
    unread: bool | None = Field(None, description="true：只看未读；false：只看已读")


class ReadAllRequest(Body):
    kind: MessageKind | None = None


class MessageView(View):
    """One line of 消息中心."""

    id: UUID
    kind: MessageKind
    event: str
    text: str
    created_at: Moment
    read_at: Moment | None
    application_id: UUID | None
    appointment_id: UUID | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def status(self) -> str:
        return "已读" if self.read_at else "未读"


class NoticeText(View):
    """协会通知全文."""

    title: str
    body: str


class OpenedMessage(MessageView):
    notice: NoticeText | None = Field(None, description="协会通知的标题和正文；系统消息没有")


class ReadAllResult(View):
    marked: int


class UnreadView(View):
    """Red dots: unread messages of each kind and in all."""

    system: int
    notice: int
    total: int
