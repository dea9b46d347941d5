"""办理记录: drafts, submission, withdrawal (manual §3-4)."""

from uuid import UUID

from sanic import Blueprint

from miniprogram_api.schemas.applications import (
    AnswersRequest,
    ApplicationQuery,
    ApplicationRow,
    ApplicationView,
    DraftRequest,
    MaterialView,
    NextActionView,
    PageView,
    ResultView,
    SubmittedView,
    TimelineRow,
    row_values,
)
from miniprogram_api.schemas.consents import SubscribeView
from models.applications import Application
from server.applications.copies import copy_application
from server.applications.detail import Detail, MaterialState, detail_of, result_lines
from server.applications.drafts import create_draft, delete_draft, save_answers
from server.applications.labels import businesses_of
from server.applications.lookup import own_application
from server.applications.queries import Filters, list_applications
from server.applications.submit import submit_application
from server.applications.withdraw import withdraw_application
from server.clock import SHANGHAI
from server.http.call import Call
from server.http.endpoint import APPLICANT, endpoint
from server.http.schemas import Listing, Nothing
from server.messages.consents import templates_to_ask
from server.messages.inbox import parse_cursor

blueprint = Blueprint("applications", url_prefix="/api/v1")


@endpoint(blueprint, "POST /applications", access=APPLICANT, status=201)
async def create(call: Call, body: DraftRequest) -> ApplicationView:
    """保存一份新的申请（未提交）"""
    draft = await create_draft(call.caller, body.business, body.commitment_version, body.form, body.subject_id)
    return await _view(call, draft)


@endpoint(blueprint, "GET /applications", access=APPLICANT)
async def applications(call: Call, query: ApplicationQuery) -> Listing[ApplicationRow]:
    """办理记录，新者在上（手册 4）"""
    filters = Filters(query.business, query.status, query.q, query.since, query.until)
    before = parse_cursor(query.cursor) if query.cursor else None
    rows = await list_applications(call.caller.account_id, filters, before, query.limit + 1)
    shown = await businesses_of(rows)
    page = [ApplicationRow.of(row, shown[row.edition]) for row in rows[: query.limit]]
    return Listing[ApplicationRow](items=page, next_cursor=str(page[-1].id) if len(rows) > query.limit else None)


@endpoint(blueprint, "GET /applications/<id>", access=APPLICANT)
async def application(call: Call, id: UUID) -> ApplicationView:
    """详情：表单、材料与意见、流程跟踪、下一步"""
    return await _view(call, await own_application(call.caller, id))


@endpoint(blueprint, "PATCH /applications/<id>", access=APPLICANT, headers=("if-match",))
async def save(call: Call, id: UUID, body: AnswersRequest) -> ApplicationView:
    """保存填写的内容，可以不完整"""
    saved, _ = await save_answers(call.caller, id, body.form, call.if_match())
    return await _view(call, saved)


@endpoint(blueprint, "DELETE /applications/<id>", access=APPLICANT)
async def delete(call: Call, id: UUID) -> Nothing:
    """删除从未提交的申请"""
    await delete_draft(call.caller, id, store=call.services.store)
    return Nothing()


@endpoint(blueprint, "POST /applications/<id>/submit", access=APPLICANT)
async def submit(call: Call, id: UUID) -> SubmittedView:
    """提交审核；缺什么一次说清（手册 4）；小程序随后请用户同意接收哪些订阅消息"""
    shown = await _view(call, (await submit_application(call.caller, id)).application)
    ask = await templates_to_ask(call.caller.account_id, call.caller.session_id, "submit")
    return SubmittedView(**dict(shown), subscribe=SubscribeView(template_ids=ask))


@endpoint(blueprint, "POST /applications/<id>/withdraw", access=APPLICANT)
async def withdraw(call: Call, id: UUID) -> ApplicationView:
    """撤回，审核之前（手册 4）"""
    return await _view(call, await withdraw_application(call.caller, id))


@endpoint(blueprint, "POST /applications/<id>/copy", access=APPLICANT, status=201)
async def copy(call: Call, id: UUID) -> ApplicationView:
    """复制为新申请，材料一并带入"""
    return await _view(call, await copy_application(call.caller, id, store=call.services.store))


async def _view(call: Call, row: Application) -> ApplicationView:
    return show(await detail_of(row, call.caller.kind.value, call.caller.name))


def show(detail: Detail) -> ApplicationView:
    """The owner's view: his own form in full (decisions D9)."""
    row = detail.application
    return ApplicationView(
        **row_values(row, detail.business),
        form_title=detail.business.form_title,
        form=detail.form,
        edition=row.edition,
        subject_id=row.subject_id,
        materials=[_material(found) for found in detail.materials],
        waiting_for=list(detail.waiting_for),
        timeline=[
            TimelineRow.of(entry, f"{entry.created_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}") for entry in detail.entries
        ],
        next_action=NextActionView.model_validate(detail.next_action),
        returned_fields=list(detail.returned_fields),
        warnings=list(detail.warnings),
        edition_changes=list(detail.edition_changes),
        result=[ResultView(**line) for line in result_lines(detail.business, detail.result)],
        expires_on=row.expires_on,
        appointment_id=detail.appointment_id,
    )


def _material(found: MaterialState) -> MaterialView:
    return MaterialView(
        key=found.material.key,
        label=found.material.label,
        required=found.required,
        template=found.material.template,
        hint=found.material.hint,
        changeable=found.changeable,
        pages=[PageView.of(page) for page in found.pages],
        verdict=found.verdict,
        reason=found.reason,
    )
