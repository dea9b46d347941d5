"""What the published document says of headers and of refusals, beside what tests of the service hold it to."""

from functools import cache
from typing import Any

import pytest

from server.http.health import NotReady
from server.http.openapi import document
from server.run.web import BLUEPRINTS
from tests.server.http.contract import Contract


@cache
def published() -> dict[str, Any]:
    return document(BLUEPRINTS)


def headers_of(route: str) -> dict[str, bool]:
    """Name -> whether it must be sent."""
    method, path = route.split(" ")
    parameters = published()["paths"][path][method.lower()]["parameters"]
    return {one["name"]: one["required"] for one in parameters if one["in"] == "header"}


@pytest.mark.parametrize(
    ("route", "is_required"), [("POST /api/v1/appointments", True), ("GET /api/v1/appointments", False)]
)
def test_a_key_is_needed_to_book_and_may_be_given_to_look_a_booking_up(route: str, is_required: bool) -> None:
    assert headers_of(route) == {"Idempotency-Key": is_required}


PROBLEM = {"code": "c", "message": "m", "request_id": "r"}
FAULTS = [{"field": "name", "message": "此项必填"}, {"material": "form", "label": "申请表", "message": "请上传"}]


@pytest.mark.parametrize(
    ("route", "status", "details", "is_as_published"),
    [
        ("GET /healthz/ready", NotReady.status, {"parts": {"database": "ok", "redis": "ConnectionError"}}, True),
        ("GET /healthz/ready", NotReady.status, {"parts": ["redis"]}, False),
        ("POST /api/v1/auth/login", 422, {"errors": FAULTS}, True),
        ("POST /api/v1/auth/login", 422, {"errors": [{"field": "name"}]}, False),
    ],
)
def test_a_refusal_tells_its_details_as_published(
    route: str, status: int, details: dict[str, Any], is_as_published: bool
) -> None:
    faults = Contract(published()).faults(route, status, "application/json", PROBLEM | details)

    assert (faults == []) is is_as_published
