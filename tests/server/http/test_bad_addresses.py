"""Ids that are none, and queries nobody should send: not found, or a clear no."""

from base64 import b64encode
from urllib.parse import quote, urlencode

import pytest
from pydantic import BaseModel

from tests.server.http.bad_input import VALUES
from tests.server.http.cast import Who
from tests.server.http.client import Client, Order
from tests.server.http.matrix import ENDPOINTS, ROWS, order_of, winners
from tests.server.http.stage import Stage

# As they stand in the path.
IDS = {
    "a number": "0",
    "a letter": "x",
    "a superscript": "%C2%B2",
    "NUL": "%00",
    "a line end": "%0D%0ASet-Cookie:%20a=b",
    "a slash": "..%2F..%2Fetc%2Fpasswd",
    "bytes that are no text": "%FF%FE",
    "a name": quote("张三"),
    "painted": quote("😀"),
    "3000 letters": "x" * 3000,
    "an id with one digit more": "019a0000-0000-7000-8000-0000000000000",
    "nobody's id": "019a0000-0000-7000-8000-000000000000",
    "the last day but one": "9999-12-31",
    "the first day": "0001-01-01",
    "a day that is not": "2026-02-30",
    "SQL": quote("' OR 1=1 --"),
    "a number beyond 64 bits": "9" * 40,
}
# To release what one has not claimed is refused in the same words, whether it exists or not.
_TOLD_OTHERWISE = {"POST /console/v1/applications/<id>/release": {"nobody's id": 409}}
_NAMED = [(route, name) for route, endpoint in ENDPOINTS.items() for name in endpoint.path_types]
_ASKING = [route for route, endpoint in ENDPOINTS.items() if endpoint.query]


def asker(route: str) -> Who:
    found = winners(ROWS[route])
    return Who.FIRM if Who.FIRM in found else Who.ADMIN


@pytest.mark.parametrize(("route", "name"), _NAMED)
async def test_what_is_nobodys_id_is_not_found(route: str, name: str, client: Client, stage: Stage) -> None:
    order, token = await order_of(ROWS[route], stage, asker(route)), await stage.token(asker(route))
    others = {key: value for key, value in order.path.items() if key != name}

    said = {}
    for what, text in IDS.items():
        spoiled = Order(others, order.body, order.raw, order.files, order.query, order.headers)
        answer = await client.send(route.replace(f"<{name}>", text), spoiled, token, documented=route)
        said[what] = answer.status

    assert said == dict.fromkeys(IDS, 404) | _TOLD_OTHERWISE.get(route, {})


def wrong_queries(model: type[BaseModel]) -> dict[str, str]:
    """Every name of a query with every wrong value, names nobody knows, and the same name twice."""
    names = [info.alias or name for name, info in model.model_fields.items()]
    texts = {what: str(value).encode("utf-8", "surrogatepass") for what, value in VALUES.items()}
    found = {
        f"{name}: {what}": urlencode({name: text}) for name in names for what, text in texts.items() if len(text) < 4000
    }
    found |= {f"{name}: bytes": f"{name}=%FF%FE" for name in names}
    found |= {f"{name}: twice": f"{name}=1&{name}=2" for name in names}
    return found


@pytest.mark.parametrize("route", _ASKING)
async def test_a_wrong_query_is_refused_or_finds_nothing(route: str, client: Client, stage: Stage) -> None:
    model = ENDPOINTS[route].query
    assert model is not None
    order, token = await order_of(ROWS[route], stage, asker(route)), await stage.token(asker(route))

    said = {
        what: (await client.send(route, Order(path=order.path, query=query), token)).status
        for what, query in wrong_queries(model).items()
    }

    assert {what: status for what, status in said.items() if status not in (200, 404, 422)} == {}


@pytest.mark.parametrize("route", _ASKING)
async def test_an_unknown_name_in_a_query_is_refused(route: str, client: Client, stage: Stage) -> None:
    """A filter that was misspelt must not show everything."""
    order, token = await order_of(ROWS[route], stage, asker(route)), await stage.token(asker(route))

    answer = await client.send(route, Order(path=order.path, query={"staus": "draft"}), token)

    assert answer.status == 422
    assert "staus" in [fault["field"] for fault in answer.body["errors"]]


_PAGED = [route for route in _ASKING if "cursor" in (ENDPOINTS[route].query or BaseModel).model_fields]
# What a cursor may decode to (base64 of it is sent), beside what is no base64 at all.
_CURSORS = {
    "before the year 1": "0001-01-01T00:00:00+23:59 019a0000-0000-7000-8000-000000000000",
    "after the year 9999": "9999-12-31T23:59:59-23:59 019a0000-0000-7000-8000-000000000000",
    "without a zone": "2026-01-01T00:00:00 019a0000-0000-7000-8000-000000000000",
    "NUL": "\x00\x00",
    "an id alone": "019a0000-0000-7000-8000-000000000000",
}
_NO_BASE64 = ["=", "x", "张三", "019a0000-0000-7000-8000-000000000000"]


def cursors() -> list[object]:
    made = {what: b64encode(text.encode()).decode() for what, text in _CURSORS.items()} | {c: c for c in _NO_BASE64}
    return [pytest.param(route, cursor, id=f"{route}-{what}") for route in _PAGED for what, cursor in made.items()]


@pytest.mark.parametrize(("route", "cursor"), cursors())
async def test_a_made_up_cursor_is_refused_or_leads_nowhere(
    route: str, cursor: str, client: Client, stage: Stage
) -> None:
    token = await stage.token(asker(route))

    answer = await client.send(route, Order(query={"cursor": cursor}), token)

    assert answer.status in (200, 404, 422)


_VERSIONED = [route for route, endpoint in ENDPOINTS.items() if "if-match" in endpoint.headers]
_KEYED = [route for route, endpoint in ENDPOINTS.items() if "idempotency-key" in endpoint.headers]


@pytest.mark.parametrize("version", ["", "x", "-1", "1.5", "²", "٣", "9" * 10, "9" * 5000, "NaN", '"', 'W/"1"'])
@pytest.mark.parametrize("route", _VERSIONED)
async def test_a_version_that_is_no_number_is_refused(route: str, version: str, client: Client, stage: Stage) -> None:
    order, token = await order_of(ROWS[route], stage, asker(route)), await stage.token(asker(route))

    answer = await client.send(route, Order(order.path, order.body, headers={"If-Match": version}), token)

    assert answer.said == "422 invalid"
    assert answer.body["field"] == "If-Match"


@pytest.mark.parametrize("version", ["999", "999999999"])
@pytest.mark.parametrize("route", _VERSIONED)
async def test_a_version_of_the_future_is_stale(route: str, version: str, client: Client, stage: Stage) -> None:
    order, token = await order_of(ROWS[route], stage, asker(route)), await stage.token(asker(route))

    answer = await client.send(route, Order(order.path, order.body, headers={"If-Match": version}), token)

    assert answer.said == "412 stale_version"


@pytest.mark.parametrize("key", ["", "x" * 65, "\udcff\udcfe"])
@pytest.mark.parametrize("route", _KEYED)
async def test_a_key_that_is_none_is_refused(route: str, key: str, client: Client, stage: Stage) -> None:
    order, token = await order_of(ROWS[route], stage, asker(route)), await stage.token(asker(route))

    answer = await client.send(route, Order(order.path, order.body, headers={"Idempotency-Key": key}), token)

    assert answer.said == "422 idempotency_key_required"
