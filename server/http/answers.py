"""Refusals and faults as HTTP answers: {"code", "message", "hint"?, "field"?, "request_id", …}."""

from collections.abc import Iterator
from functools import lru_cache
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

_NO_STORE = (b"cache-control", b"no-store")
# Sanic writes each header as a name, a colon and a value: the ones that never change go as one.
_FIXED = (b"x-content-type-options", b"nosniff\r\nreferrer-policy: no-referrer\r\nx-frame-options: DENY")


class Answer(HTTPResponse):
    """Sanic cleans and encodes every header of every answer; nearly all of ours are the same each time."""

    __slots__ = ("request_id",)

    request_id: str

    @property
    def processed_headers(self) -> Iterator[tuple[bytes, bytes]]:
        yield _FIXED
        yield b"x-request-id", self.request_id.encode()
        if self.content_type and self.status != 204 and "content-type" not in self.headers:
            yield b"content-type", self.content_type.encode()
        if "cache-control" not in self.headers:
            yield _NO_STORE
        for name, value in self.headers.items():
            yield _encoded(name, str(value))


@lru_cache(maxsize=1024)
def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    return next(HTTPResponse(status=204, headers={name: value}).processed_headers)


def stamped(answer: Answer, request_id: str) -> Answer:
    """With the headers that every answer carries. Not a middleware: Sanic would await one for each request."""
    answer.request_id = request_id
    return answer


def problem(refusal: Refusal, request_id: str) -> Answer:
    body: dict[str, Any] = {"code": refusal.code, "message": refusal.message, "request_id": request_id}
    if refusal.hint:
        body["hint"] = refusal.hint
    if refusal.field:
        body["field"] = refusal.field
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after is not None else None
    return Answer(orjson.dumps(body | refusal.details), refusal.status, headers, content_type="application/json")


def invalid(error: ValidationError) -> Invalid:
    """Every fault by field, never the value that was sent."""
    faults = [{"field": ".".join(map(str, e["loc"])), "message": _say(e)} for e in error.errors(include_input=False)]
    return Invalid(field=faults[0]["field"] if faults else None, errors=faults)


def _say(error: ErrorDetails) -> str:
    if error["type"] == "value_error":
        reason = error.get("ctx", {}).get("error")
        return str(reason) if isinstance(reason, ValueError) and not isinstance(reason, UnicodeError) else "格式不正确"
    return _TEXTS.get(error["type"], "格式不正确")


def json_response(body: Any, status: int) -> Answer:
    is_model = isinstance(body, BaseModel)
    raw = body.__pydantic_serializer__.to_json(body, by_alias=True) if is_model else orjson.dumps(body)
    return Answer(raw, status, content_type="application/json")
