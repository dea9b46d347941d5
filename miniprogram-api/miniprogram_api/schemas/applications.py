"""Requests and answers of applications."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from miniprogram_api.schemas.consents import SubscribeView
from models.applications import Application, HistoryEntry, State
from models.materials import Page
from server.applications.labels import label_of
from server.businesses import Business
from server.http.schemas import Body, Code, Day, Line, Moment, PageQuery, View


class DraftRequest(Body):
    business: Line
    commitment_version: Line
    form: dict[str, Any] = Field(default_factory=dict, max_length=100)
    subject_id: UUID | None = None


class AnswersRequest(Body):
    """Answers to merge into the form; null clears one."""

    form: dict[str, Any] = Field(max_length=100)


class ApplicationQuery(PageQuery):
    business: Code | None = None
    status: State | None = None
    q: Line | None = None
    since: Day | None = Field(None, alias="from")
    until: Day | None = Field(None, alias="to")


class NextActionView(View):
    who: str
    what: str
    by_when: date | None
    why: str


class ApplicationRow(View):
    """办理事项 | 姓名 | 注册证号 | 身份证号 | 状态 (manual §4)."""

    id: UUID
    business: str
    business_label: str
    name: str
    cpa_no: str
    id_number: str
    status: State
    status_label: str
    version: int
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, row: Application, business: Business) -> Self:
        return cls(**row_values(row, business))


def row_values(row: Application, business: Business) -> dict[str, Any]:
    """A row shows the number its business shows: 身份证号 for a registration, 注册证号 for a transfer."""
    return {
        "id": row.id,
        "business": row.business,
        "business_label": business.label,
        "name": row.name,
        "cpa_no": row.cpa_no if business.list_columns.cpa_no else "",
        "id_number": row.id_number_masked if business.list_columns.id_number else "",
        "status": row.state,
        "status_label": label_of(row.state),
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


class PageView(View):
    id: UUID
    position: int
    content_type: str
    size: int

    @classmethod
    def of(cls, page: Page) -> Self:
        return cls(id=page.id, position=page.position, content_type=page.content_type, size=page.size)


class MaterialView(View):
    """A material as it applies now; `verdict` and `reason` are the last review's."""

    key: str
    label: str
    required: bool
    template: bool
    hint: str | None
    changeable: bool
    pages: list[PageView]
    verdict: str | None
    reason: str | None


class TimelineRow(View):
    """状态 | 备注 | 操作人 | 时间, newest first."""

    status: State
    status_label: str
    remark: str
    operator: str
    at: Moment
    time: str

    @classmethod
    def of(cls, entry: HistoryEntry, at: str) -> Self:
        return cls(
            status=entry.state,
            status_label=label_of(entry.state),
            remark=entry.remark,
            operator=entry.operator_name,
            at=entry.created_at,
            time=at,
        )


class ResultView(View):
    """What the association entered when it finished, 检查结果 for example."""

    key: str
    label: str
    value: str


class ApplicationView(ApplicationRow):
    form_title: str
    form: dict[str, Any]
    edition: str
    subject_id: UUID | None
    materials: list[MaterialView]
    waiting_for: list[str]
    timeline: list[TimelineRow]
    next_action: NextActionView
    returned_fields: list[dict[str, str]]
    warnings: list[dict[str, str]]
    edition_changes: list[str]
    result: list[ResultView]
    expires_on: date | None
    appointment_id: UUID | None


class SubmittedView(ApplicationView):
    subscribe: SubscribeView


class TileView(View):
    key: str
    label: str
    button: str


class HomeView(View):
    """The manual's §3 page: tiles in its order, the visit tile below, badges, and what waits."""

    title: str
    tiles: list[TileView]
    visit_title: str
    visit_tile: TileView
    badges: dict[str, int]
    waiting: list[ApplicationRow]
