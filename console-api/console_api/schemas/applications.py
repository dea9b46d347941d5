"""Requests and answers of the review."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from models.applications import State
from server.applications.review import Decision, FieldOpinion, MaterialOpinion, Opinion, ReviewOrder
from server.businesses import FormField
from server.http.schemas import Body, Code, Day, Line, Moment, PageQuery, Text, View


class QueueQuery(PageQuery):
    status: State | None = State.SUBMITTED
    business: Code | None = None
    q: Line | None = None
    since: Day | None = Field(None, alias="from")
    until: Day | None = Field(None, alias="to")


class QueueRow(View):
    id: UUID
    account: str
    business: str
    business_label: str
    name: str
    cpa_no: str
    id_number: str
    status: State
    status_label: str
    round: int
    submitted_at: Moment | None
    claimed_by: str | None
    claimed_until: Moment | None
    version: int


class MaterialOpinionIn(Body):
    key: Line
    verdict: Opinion
    reason: Text = Field("", max_length=300)


class FieldOpinionIn(Body):
    key: Line
    reason: Text = Field(max_length=300)


class VerdictRequest(Body):
    decision: Decision
    materials: list[MaterialOpinionIn] = Field(default_factory=list, max_length=50)
    fields: list[FieldOpinionIn] = Field(default_factory=list, max_length=50)
    remark: Text = Field("", max_length=300)
    round: int | None = Field(None, ge=1, le=9999, description="审核时所见的轮次；期间已重新提交的，不作结论")

    def order(self) -> ReviewOrder:
        return ReviewOrder(
            decision=self.decision,
            materials=tuple(MaterialOpinion(m.key, m.verdict, m.reason) for m in self.materials),
            fields=tuple(FieldOpinion(f.key, f.reason) for f in self.fields),
            remark=self.remark,
            round=self.round,
        )


class RevealRequest(Body):
    field: Line
    reason: Line = Field(min_length=2)


class RevealedView(View):
    field: str
    value: str


class ResultRequest(Body):
    """What the business asks staff to enter at this step (decisions D14)."""

    result: dict[str, Any] = Field(default_factory=dict, max_length=50)


class FieldView(View):
    """One answer as the reviewer sees it; `masked` values are shown in full to the holder of the claim."""

    key: str
    label: str
    value: str
    masked: bool
    changed: bool


class StaffPageView(View):
    id: UUID
    position: int
    content_type: str
    size: int


class StaffMaterialView(View):
    key: str
    label: str
    required: bool
    changed: bool
    verdict: str | None
    reason: str | None
    pages: list[StaffPageView]


class StaffTimelineRow(View):
    status: State
    status_label: str
    remark: str
    operator: str
    at: Moment


class OptionView(View):
    value: str
    label: str


class ResultFieldView(View):
    """What to enter at the next step; `required` may depend on nothing but the applicant's answers."""

    key: str
    label: str
    type: str
    required: bool
    options: list[OptionView]
    placeholder: str | None
    max: int | None

    @classmethod
    def of(cls, field: FormField) -> Self:
        return cls(
            key=field.key,
            label=field.label,
            type=field.type.value,
            required=bool(field.required),
            options=[OptionView(value=option.value, label=option.label) for option in field.options],
            placeholder=field.placeholder,
            max=field.max,
        )


class ResultLine(View):
    """What was entered; numbers of people are masked."""

    key: str
    label: str
    value: str


class StaffApplicationView(QueueRow):
    form: list[FieldView]
    materials: list[StaffMaterialView]
    timeline: list[StaffTimelineRow]
    warnings: list[dict[str, str]]
    result: list[ResultLine]
    result_fields: list[ResultFieldView]
    expires_on: date | None
