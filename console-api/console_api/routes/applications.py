"""审核: the queue, the application as staff see it, verdicts and the steps after approval."""

from uuid import UUID

from sanic import Blueprint

from console_api.schemas.applications import (
    FieldView,
    QueueQuery,
    QueueRow,
    ResultFieldView,
    ResultLine,
    ResultRequest,
    RevealedView,
    RevealRequest,
    StaffApplicationView,
    StaffMaterialView,
    StaffPageView,
    StaffTimelineRow,
    VerdictRequest,
)
from models.accounts import Account
from models.applications import Application
from server.applications.claims import claim, release_claim
from server.applications.complete import certificate_collected, certificate_ready, complete_online
from server.applications.detail import Detail, detail_of, result_lines
from server.applications.labels import businesses_of, label_of
from server.applications.lifecycle import allowed_actions
from server.applications.lookup import any_application
from server.applications.queries import Filters, accounts_of, list_queue
from server.applications.reading import form_for, is_personal, masked_answers, note_page_read, reveal
from server.applications.review import decide
from server.applications.rounds import changes_since
from server.businesses import Business, result_fields
from server.businesses.answers import answer_text
from server.http.call import Call, Reply
from server.http.endpoint import PAGE_MEDIA, endpoint, staff
from server.http.schemas import Key, Listing
from server.materials.pages import find_page, read_page

blueprint = Blueprint("console_applications", url_prefix="/console/v1")


@endpoint(blueprint, "GET /queue", access=staff("queue"))
async def queue(call: Call, query: QueueQuery) -> Listing[QueueRow]:
    """各状态的申请，先提交的在前，含领取情况"""
    filters = Filters(query.business, query.status, query.q, query.since, query.until)
    rows, following = await list_queue(filters, query.cursor, query.limit)
    accounts, shown = await accounts_of(rows), await businesses_of(rows)
    page = [QueueRow(**_row(row, accounts, shown[row.edition])) for row in rows]
    return Listing[QueueRow](items=page, next_cursor=following)


@endpoint(blueprint, "POST /applications/<id>/claim", access=staff("queue"))
async def take(call: Call, id: UUID) -> StaffApplicationView:
    """领取，30 分钟内有效"""
    return await _view(call, await claim(call.caller, id))


@endpoint(blueprint, "POST /applications/<id>/release", access=staff("queue"))
async def release(call: Call, id: UUID) -> StaffApplicationView:
    """释放领取的申请"""
    return await _view(call, await release_claim(call.caller, id))


@endpoint(blueprint, "GET /applications/<id>", access=staff("queue"))
async def application(call: Call, id: UUID) -> StaffApplicationView:
    """申请详情；领取者可见完整证件号码，其他人见掩码"""
    return await _view(call, await any_application(id))


@endpoint(blueprint, "POST /applications/<id>/verdict", access=staff("verdict"))
async def verdict(call: Call, id: UUID, body: VerdictRequest) -> StaffApplicationView:
    """审核结论：逐项材料的意见与总的决定（手册 4）"""
    return await _view(call, await decide(call.caller, id, body.order()))


@endpoint(blueprint, "POST /applications/<id>/reveal", access=staff("reveal"))
async def show_value(call: Call, id: UUID, body: RevealRequest) -> RevealedView:
    """查看一个完整的号码，须写明原因并留痕"""
    return RevealedView(field=body.field, value=await reveal(call.caller, id, body.field, body.reason))


@endpoint(blueprint, "GET /applications/<id>/materials/<key>/pages/<ref>", access=staff("queue"), media=PAGE_MEDIA)
async def page(call: Call, id: UUID, key: Key, ref: str) -> Reply:
    """查看一个材料文件，留痕"""
    found = await find_page((await any_application(id)).id, key, ref)
    data = await read_page(found, store=call.services.store)
    await note_page_read(call.caller, id, found.id)
    return Reply(data, found.content_type, headers={"Content-Disposition": "attachment"})


@endpoint(blueprint, "POST /applications/<id>/complete", access=staff("process"))
async def complete(call: Call, id: UUID, body: ResultRequest) -> StaffApplicationView:
    """办结不需现场的业务"""
    return await _view(call, await complete_online(call.caller, id, body.result))


@endpoint(blueprint, "POST /applications/<id>/certificate-ready", access=staff("certificates"))
async def ready(call: Call, id: UUID, body: ResultRequest) -> StaffApplicationView:
    """制证完成"""
    return await _view(call, await certificate_ready(call.caller, id, body.result))


@endpoint(blueprint, "POST /applications/<id>/certificate-collected", access=staff("certificates"))
async def collected(call: Call, id: UUID) -> StaffApplicationView:
    """取证"""
    return await _view(call, await certificate_collected(call.caller, id))


def _row(row: Application, accounts: dict[UUID, Account], business: Business) -> dict[str, object]:
    holder = accounts.get(row.claimed_by) if row.claimed_by else None
    return {
        "id": row.id,
        "account": accounts[row.account_id].name,
        "business": row.business,
        "business_label": business.label,
        "name": row.name,
        "cpa_no": row.cpa_no,
        "id_number": row.id_number_masked,
        "status": row.state,
        "status_label": label_of(row.state),
        "round": row.round,
        "submitted_at": row.submitted_at,
        "claimed_by": holder.name if holder else None,
        "claimed_until": row.claimed_until,
        "version": row.version,
    }


async def _view(call: Call, row: Application) -> StaffApplicationView:
    accounts = await accounts_of([row])
    account = accounts[row.account_id]
    detail = await detail_of(row, account.kind.value, account.name)
    changed = await changes_since(row)
    form = await form_for(call.caller, row, detail.business.fields, detail.form)
    return StaffApplicationView(
        **_row(row, accounts, detail.business),
        form=[
            FieldView(
                key=field.key,
                label=field.label,
                value=answer_text(field, form.get(field.key)),
                masked=is_personal(field),
                changed=field.key in changed["fields"],
            )
            for field in detail.business.fields
            if field.key in form
        ],
        materials=_materials(detail, changed["materials"]),
        timeline=[
            StaffTimelineRow(
                status=entry.state,
                status_label=label_of(entry.state),
                remark=entry.remark,
                operator=entry.operator_name,
                at=entry.created_at,
            )
            for entry in detail.entries
        ],
        warnings=list(detail.warnings),
        result=_result(detail),
        result_fields=_result_fields(row, detail, account.kind.value),
        expires_on=row.expires_on,
    )


def _materials(detail: Detail, changed: list[str]) -> list[StaffMaterialView]:
    return [
        StaffMaterialView(
            key=found.material.key,
            label=found.material.label,
            required=found.required,
            changed=found.material.key in changed,
            verdict=found.verdict,
            reason=found.reason,
            pages=[StaffPageView.model_validate(page) for page in found.pages],
        )
        for found in detail.materials
    ]


def _result(detail: Detail) -> list[ResultLine]:
    fields = detail.business.result.fields if detail.business.result else ()
    return [ResultLine(**line) for line in result_lines(detail.business, masked_answers(fields, detail.result))]


def _result_fields(row: Application, detail: Detail, applicant: str) -> list[ResultFieldView]:
    """What has to be entered at the steps that are possible now."""
    steps = allowed_actions(row.path, row.state) if row.path else {}
    found = [
        field
        for action in steps
        for field in result_fields(detail.business, detail.form, applicant, path=row.path, step=action.value)
    ]
    return [ResultFieldView.of(field) for field in found]
