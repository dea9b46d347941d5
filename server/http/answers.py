"""Refusals and faults as HTTP answers: {"code", "message", "hint"?, "field"?, "request_id", …}."""

from typing import Any

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from sanic.response import HTTPResponse

from server.errors import Invalid, Refusal

_TEXTS = {
    "missing": "此项必填",
    "extra_forbidden": "不认识的字段",
    "string_too_long": "内容过长",
    "string_too_short": "内容过短",
    "string_type": "应为文字",
    "json_invalid": "不是有效的 JSON",
    "uuid_parsing": "编号格式不正确",
    "date_from_datetime_parsing": "日期格式不正确，应为 YYYY-MM-DD",
    "date_parsing": "日期格式不正确，应为 YYYY-MM-DD",
    "too_long": "数量过多",
    "too_short": "数量过少",
    "greater_than_equal": "数值过小",
    "less_than_equal": "数值过大",
}

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def stamped(answer: HTTPResponse, request_id: str) -> HTTPResponse:
    """With the headers that every answer carries. Not a middleware: Sanic would await one for each request."""
    headers = answer.headers
    headers.update(_HEADERS)
    headers["X-Request-ID"] = request_id
    headers.setdefault("Cache-Control", "no-store")
    return answer


def problem(refusal: Refusal, request_id: str) -> HTTPResponse:
    body: dict[str, Any] = {"code": refusal.code, "message": refusal.message, "request_id": request_id}
    body |= {key: value for key in ("hint", "field") if (value := getattr(refusal, key))}
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after is not None else {}
    return json_response(body | refusal.details, refusal.status, headers)


def invalid(error: ValidationError) -> Invalid:
    """Every fault by field, never the value that was sent."""
    faults = [{"field": ".".join(map(str, e["loc"])), "message": _say(e)} for e in error.errors(include_input=False)]
    return Invalid(field=faults[0]["field"] if faults else None, errors=faults)


def _say(error: ErrorDetails) -> str:
    if error["type"] == "value_error":
        reason = error.get("ctx", {}).get("error")
        return str(reason) if isinstance(reason, ValueError) and not isinstance(reason, UnicodeError) else "格式不正确"
    return _TEXTS.get(error["type"], "格式不正确")


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> HTTPResponse:
    is_model = isinstance(body, BaseModel)
    raw = body.__pydantic_serializer__.to_json(body, by_alias=True) if is_model else orjson.dumps(body)
    return HTTPResponse(raw, status=status, headers=headers, content_type="application/json")
