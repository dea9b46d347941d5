"""What staff write in a notice, and what they are told of it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, computed_field

from models.accounts import AccountKind
from models.notices import Notice, NoticeState
from server.http.schemas import Body, Code, Line, Moment, PageQuery, Text, View
from server.notices.audience import Audience, audience_of
from server.notices.drafts import NoticeText
from server.notices.progress import Progress

STATE_LABELS = {
    NoticeState.DRAFT: "草稿",
    NoticeState.ENQUEUEING: "正在通知",
    NoticeState.SENDING: "正在发送微信提醒",
    NoticeState.DONE: "已发送",
    NoticeState.CANCELLED: "已取消",
}

Title = Annotated[Line, StringConstraints(min_length=1, max_length=100)]
Content = Annotated[Text, StringConstraints(min_length=1, max_length=20_000)]


class AudienceRequest(Body):
    """Kinds of accounts, listed accounts, or both."""

    kinds: list[Literal["firm", "custody"]] = Field([], max_length=2)
    numbers: list[Code] = Field([], max_length=500, description="账号（事务所编号或注册会计师证号）")

    def audience(self) -> Audience:
        kinds = dict.fromkeys(AccountKind(kind) for kind in self.kinds)
        return Audience(kinds=tuple(kinds), numbers=tuple(dict.fromkeys(self.numbers)))


class NoticeRequest(Body):
    title: Title
    body: Content
    audience: AudienceRequest

    def text(self) -> NoticeText:
        return NoticeText(self.title, self.body, self.audience.audience())


class NoticeChange(Body):
    """What is absent stays as it is."""

    title: Title | None = None
    body: Content | None = None
    audience: AudienceRequest | None = None

    def changes(self) -> dict[str, str | Audience]:
        audience = self.audience.audience() if self.audience else None
        given = {"title": self.title, "body": self.body, "audience": audience}
        return {name: value for name, value in given.items() if value is not None}


class NoticeQuery(PageQuery):
    state: NoticeState | None = None


class NoticeView(View):
    """One line of the list."""

    id: UUID
    title: str
    state: NoticeState
    author: str
    version: int
    told: int
    created_at: Moment
    published_at: Moment | None
    ended_at: Moment | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.state]


class AudienceView(View):
    kinds: list[AccountKind]
    numbers: list[str]


class ProgressView(View):
    """`told`: accounts with the message in the app; the others count WeChat messages."""

    told: int
    pending: int
    sent: int
    in_doubt: int
    delivered: int
    refused: int
    failed: int
    superseded: int


class NoticeDetail(NoticeView):
    body: str
    audience: AudienceView
    progress: ProgressView

    @classmethod
    def of(cls, notice: Notice, progress: Progress) -> "NoticeDetail":
        line = NoticeView.model_validate(notice).model_dump(exclude={"state_label"})
        audience = AudienceView.model_validate(audience_of(notice))
        return cls(**line, body=notice.body, audience=audience, progress=ProgressView.model_validate(progress))


class PreviewView(View):
    """Whom it would reach now: accounts in the app, WeChat messages, and accounts without WeChat."""

    in_app: int
    wechat: int
    in_app_only: int
