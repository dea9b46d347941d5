"""Nothing is set that a route does not ask for: unknown names are refused in every body, at every depth."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_args
from uuid import uuid4

import pytest
from pydantic import BaseModel
from tortoise.models import Model

from models import accounts, applications, appointments, materials, messages
from server.http.endpoint import Endpoint
from tests.server.http.bad_input import everything_written
from tests.server.http.cast import Who
from tests.server.http.client import Client, Order
from tests.server.http.matrix import ENDPOINTS, ROWS, order_of, winners
from tests.server.http.stage import Stage, photo

WITH_BODY = [route for route, endpoint in ENDPOINTS.items() if endpoint.body]
ANSWERS = {"form", "result"}  # maps whose names the catalogue declares: refused by it, not by the model
TABLES = [
    found
    for module in (accounts, applications, appointments, materials, messages)
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, Model) and found.__module__ == module.__name__
]
COLUMNS = sorted({name for table in TABLES for name in table._meta.fields_map})


def asker(route: str) -> Who:
    found = winners(ROWS[route])
    return next(who for who in (Who.FIRM, Who.ADMIN, Who.INCOMPLETE) if who in found)


def models_in(model: Any) -> Iterator[type[BaseModel]]:
    """A model and every model within it."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        yield model
        for info in model.model_fields.values():
            yield from models_in(info.annotation)
    for argument in get_args(model):
        yield from models_in(argument)


def asked_for(endpoint: Endpoint) -> set[type[BaseModel]]:
    return {*models_in(endpoint.body), *models_in(endpoint.query)}


def test_every_model_that_is_asked_for_forbids_unknown_names() -> None:
    found = {model for endpoint in ENDPOINTS.values() for model in asked_for(endpoint)}

    assert len(found) > 30
    assert [model.__name__ for model in found if model.model_config.get("extra") != "forbid"] == []


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where objects stand in a body, but for the answers to a form."""
    if isinstance(value, dict):
        yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if key not in ANSWERS:
            yield from places(inner, (*place, key))


def with_columns(body: Any, place: tuple[Any, ...]) -> tuple[Any, set[str]]:
    """The body with every column of our tables set at this place but those it names, and what was added."""
    changed = deepcopy(body)
    inner = changed
    for key in place:
        inner = inner[key]
    return changed, {name for name in COLUMNS if name not in inner}


@pytest.mark.parametrize("route", WITH_BODY)
async def test_no_column_is_set_by_naming_it(route: str, client: Client, stage: Stage) -> None:
    """A good body with the name of every column of our tables beside what belongs there: each one is refused by name
    or is a field of that very route, and nothing is written."""
    who = asker(route)
    order, token = await order_of(ROWS[route], stage, who), await stage.token(who)
    before = await everything_written()

    for place in places(order.body):
        body, added = with_columns(order.body, place)
        inner = body
        for key in place:
            inner = inner[key]
        inner |= dict.fromkeys(added, str(uuid4()))
        answer = await client.send(route, Order(order.path, body, headers=order.headers), token)
        refused = {fault["field"].rpartition(".")[2] for fault in answer.body["errors"]}
        assert answer.said == "422 invalid"
        assert added - refused <= known(route), place

    assert await everything_written() == before


def known(route: str) -> set[str]:
    """Fields that somewhere in this route's body are its own."""
    return {name for model in asked_for(ENDPOINTS[route]) for name in model.model_fields}


async def test_no_answer_is_kept_that_the_form_does_not_ask_for(client: Client, stage: Stage) -> None:
    firm = await stage.actor(Who.FIRM)
    order = await order_of(ROWS["POST /api/v1/applications"], stage, Who.FIRM)

    said = []
    for name in ("account_id", "state", "status", "expires_on", "id", "__class__", "name.x", "$where"):
        body = order.body | {"form": order.body["form"] | {name: "approved_to_book"}}
        said.append((await client.send("POST /api/v1/applications", Order(body=body), firm.token)).status)

    assert said == [422] * len(said)


async def test_a_result_names_only_what_the_business_asks_staff_for(client: Client, stage: Stage) -> None:
    route = "POST /console/v1/applications/<id>/complete"
    order, token = await order_of(ROWS[route], stage, Who.REVIEWER), await stage.token(Who.REVIEWER)

    answer = await client.send(route, Order(order.path, {"result": {"account_id": str(uuid4())}}), token)

    assert answer.status == 422


async def test_what_comes_beside_a_file_sets_nothing(client: Client, stage: Stage) -> None:
    firm, route = await stage.actor(Who.FIRM), "PUT /api/v1/applications/<id>/materials/<key>"
    draft = await stage.draft(firm)
    fields = {"application_id": str(uuid4()), "object_key": "../x", "position": "9", "content_type": "text/html"}
    head = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'
    parts = [(head.format(name, "") + value).encode() for name, value in fields.items()]
    parts.append(head.format("file", '; filename="a.html"\r\nContent-Type: text/html').encode() + photo())
    raw = b"".join(b"--of-the-test\r\n" + part + b"\r\n" for part in parts) + b"--of-the-test--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=of-the-test"}

    order = Order({"id": draft.id, "key": "loss_notice"}, raw=raw, headers=headers)
    answer = await client.send(route, order, firm.token)

    [page] = answer.body["items"]
    assert (page["position"], page["content_type"]) == (1, "image/jpeg")
    stored = await materials.Page.get(application_id=draft.id)
    assert re.fullmatch(r"[\w-]{16,}", stored.object_key)
