"""The OpenAPI 3.1 document, generated from the declared endpoints, and its readable page."""

import html
from collections.abc import Iterable, Iterator
from functools import cache
from types import UnionType
from typing import Any, get_args

import orjson
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema
from sanic import Blueprint

from server.http import health
from server.http.call import Call, Reply, Stream
from server.http.endpoint import PUBLIC, Audience, Endpoint, endpoint, endpoints_of
from server.http.schemas import View

_REF = "#/components/schemas/{model}"
_ALWAYS = {"500": "故障", "503": "暂时不可用"}
_REFUSALS = {"400": "请求格式不正确", "404": "没有找到", "409": "状态冲突", "422": "填写有误", "429": "过于频繁"}
_BY_ACCESS = {"401": "请先登录，或账号密码有误", "403": "没有权限"}


class FaultView(View):
    """One thing that is wrong: with a field, or with a material that has no page."""

    message: str
    field: str | None = None
    material: str | None = None
    label: str | None = None
    code: str | None = None


class Problem(View):
    """Every answer from 400 up."""

    code: str
    message: str
    hint: str | None = None
    field: str | None = None
    request_id: str
    errors: list[FaultView] | None = Field(None, description="422：每一处有误的内容")
    parts: dict[str, str] | None = Field(None, description="/healthz/ready 的 503：各部分的状态，ok 或原因")


def document(blueprints: Iterable[Blueprint], title: str = "北京注册会计师协会注册管理服务系统") -> dict[str, Any]:
    """The whole document of these blueprints and of health as plain JSON values."""
    endpoints = [found for blueprint in (*blueprints, health.blueprint) for found in endpoints_of(blueprint)]
    refs, schemas = _schemas(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for found in endpoints:
        paths.setdefault(_template(found.path), {})[found.method.lower()] = _operation(found, refs, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1.0.0",
            "license": {"name": "Proprietary", "identifier": "LicenseRef-bicpa"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _template(path: str) -> str:
    return path.replace("<", "{").replace(">", "}")


Refs = dict[Any, dict[str, Any]]


def _schemas(endpoints: list[Endpoint]) -> tuple[Refs, dict[str, Any]]:
    """The reference of every model that is sent or answered, and the components they refer to."""
    wanted: list[tuple[type[BaseModel], Any]] = [(Problem, "serialization")]
    wanted += [(e.body, "validation") for e in endpoints if e.body]
    wanted += [(e.query, "validation") for e in endpoints if e.query]
    wanted += [(model, "serialization") for e in endpoints if (model := _model_of(e.answer))]
    found, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_REF)
    components: dict[str, Any] = definitions["$defs"]
    return {model: dict(ref) for (model, _), ref in found.items()}, components


def _model_of(answer: Any) -> type[BaseModel] | None:
    """The model an endpoint answers with; of a union (JSON or a stream, as asked for) the one that is JSON."""
    for option in get_args(answer) if isinstance(answer, UnionType) else (answer,):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _operation(found: Endpoint, refs: Refs, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{found.tag}_{found.name}",
        "tags": [found.tag],
        "summary": found.summary.split("\n")[0],
        "parameters": [*_path_parameters(found), *_query_parameters(found, schemas), *_header_parameters(found)],
        "responses": _responses(found, refs),
    }
    if "\n" in found.summary:
        operation["description"] = found.summary
    if found.access.audience is not Audience.PUBLIC:
        operation["security"] = [{"bearer": []}]
        operation["x-right"] = found.access.right or found.access.audience.value
    if found.upload:
        operation["requestBody"] = _multipart()
    elif found.body:
        operation["requestBody"] = {"required": True, "content": _json(refs[found.body])}
    return operation


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _multipart() -> dict[str, Any]:
    file = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
    schema = {"type": "object", "properties": {"file": {"type": "array", "items": file}}}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _path_parameters(found: Endpoint) -> Iterator[dict[str, Any]]:
    for name, adapter in found.path_types.items():
        yield {"name": name, "in": "path", "required": True, "schema": adapter.json_schema()}


def _query_parameters(found: Endpoint, components: dict[str, Any]) -> Iterator[dict[str, Any]]:
    schema = components[found.query.__name__] if found.query else {}
    for name, described in schema.get("properties", {}).items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": described}


def _header_parameters(found: Endpoint) -> Iterator[dict[str, Any]]:
    for name in ("If-Match", "Idempotency-Key"):
        if name.lower() in found.headers | found.optional_headers:
            required = name.lower() in found.headers
            yield {"name": name, "in": "header", "required": required, "schema": {"type": "string"}}


def _responses(found: Endpoint, refs: Refs) -> dict[str, Any]:
    answers: dict[str, Any] = {str(found.status): {"description": "成功", "content": _success(found, refs)}}
    refused = _REFUSALS | _ALWAYS
    if found.access.audience is not Audience.PUBLIC:
        refused |= _BY_ACCESS
    refused |= {status: text for status, text in _BY_ACCESS.items() if int(status) in found.refuses}
    if "if-match" in found.headers:
        refused |= {"412": "内容已被更新"}
    if found.upload or found.body or found.most_bytes:
        refused |= {"408": "发送过慢", "413": "内容过大"}
    for status, text in sorted(refused.items()):
        answers[status] = {"description": text, "content": _json(refs[Problem])}
    return answers


def _success(found: Endpoint, refs: Refs) -> dict[str, Any]:
    content = _json(refs[model]) if (model := _model_of(found.answer)) else {}
    if found.answer is Reply or Stream in get_args(found.answer):
        content |= {media: {"schema": {"type": "string"}} for media in found.media}
    return content


def docs_blueprint(blueprints: Iterable[Blueprint]) -> Blueprint:
    """/openapi.json and /docs for these blueprints, built when first asked for."""
    blueprint = Blueprint("documentation")

    @cache
    def built() -> dict[str, Any]:
        return document(blueprints)

    @endpoint(blueprint, "GET /openapi.json", access=PUBLIC)
    async def openapi_json(call: Call) -> Reply:
        """The OpenAPI document."""
        return Reply(orjson.dumps(built()), "application/json")

    @endpoint(blueprint, "GET /docs", access=PUBLIC, media="text/html")
    async def docs(call: Call) -> Reply:
        """The same document to read."""
        return Reply(page(built()).encode(), "text/html; charset=utf-8")

    return blueprint


def page(built: dict[str, Any]) -> str:
    """One plain HTML page of the document, grouped by section, without anything from outside."""
    rows = [
        (operation["tags"][0], method.upper(), path, operation)
        for path, methods in built["paths"].items()
        for method, operation in methods.items()
    ]
    sections = "".join(
        f"<h2>{html.escape(tag)}</h2><table>{''.join(_row(row) for row in rows if row[0] == tag)}</table>"
        for tag in dict.fromkeys(row[0] for row in rows)
    )
    title = html.escape(built["info"]["title"])
    return (
        f"<!doctype html><html lang=zh-CN><meta charset=utf-8><title>{title}</title>{_STYLE}<h1>{title}</h1>{sections}"
    )


def _row(row: tuple[str, str, str, dict[str, Any]]) -> str:
    _, method, path, operation = row
    who = operation.get("x-right", "公开")
    return (
        f"<tr><td><b>{method}</b><td><code>{html.escape(path)}</code><td>{html.escape(operation['summary'])}"
        f"<td><small>{html.escape(who)}</small></tr>"
    )


_STYLE = (
    "<style>body{font:15px/1.6 sans-serif;max-width:72em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;width:100%}td{border-bottom:1px solid #eee;padding:.3em .6em;vertical-align:top}"
    "h2{margin-top:2em;border-bottom:2px solid #06c}code{color:#06c}</style>"
)
