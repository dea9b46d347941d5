"""业务办理: the catalogue as clients see it (manual §3)."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from pydantic import Field
from sanic import Blueprint

from server.applications.answers import open_form
from server.applications.lookup import own_application
from server.businesses import catalogue, find_business, requirements
from server.businesses.describe import describe, describe_requirements, summarise
from server.businesses.views import BusinessSummary, BusinessView, RequirementsView
from server.http.call import Call, Reply
from server.http.endpoint import APPLICANT, endpoint
from server.http.schemas import Body, Listing
from server.materials.documents import render_document

blueprint = Blueprint("businesses", url_prefix="/api/v1")


class RequirementsRequest(Body):
    form: dict[str, Any] = Field(default_factory=dict, max_length=100)


class DocumentQuery(Body):
    application_id: UUID | None = None


@endpoint(blueprint, "GET /businesses", access=APPLICANT)
async def businesses(call: Call) -> Listing[BusinessSummary]:
    """当前账号可以办理的业务，按手册的顺序"""
    kind = call.caller.kind.value
    found = [b for b in catalogue().businesses.values() if kind in {a.value for a in b.applicants}]
    return Listing[BusinessSummary](items=[summarise(business) for business in found])


@endpoint(blueprint, "GET /businesses/<key>", access=APPLICANT)
async def business(call: Call, key: str) -> BusinessView:
    """一项业务：承诺书、办理指南、字段、材料及其条件"""
    return describe(find_business(key), call.caller.kind.value)


@endpoint(blueprint, "POST /businesses/<key>/requirements", access=APPLICANT)
async def required(call: Call, key: str, body: RequirementsRequest) -> RequirementsView:
    """按填写的内容匹配需要的字段和材料"""
    found, kind = find_business(key), call.caller.kind.value
    return describe_requirements(found, requirements(found, body.form, kind), kind)


@endpoint(blueprint, "GET /businesses/<key>/documents/<document>", access=APPLICANT, media="application/pdf")
async def document(call: Call, key: str, document: str, query: DocumentQuery) -> Reply:
    """下载模板，带入已填写的信息"""
    application = await own_application(call.caller, query.application_id) if query.application_id else None
    form = open_form(application) if application and application.business == key else {}
    name, pdf = await render_document(call.services.studio, find_business(key), document, form, call.caller)
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Reply(pdf, "application/pdf", headers={"Content-Disposition": disposition})
