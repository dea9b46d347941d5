"""What people typed stands in no log either when it is refused, breaks something, or makes a library complain."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from server.http.logs import JsonLines
from server.transactions import connection
from tests.engines.engine import Engine
from tests.intruders.canaries import Canaries
from tests.server.http.cast import Who, a_mobile, a_password, an_id_number
from tests.server.http.raw import exchange, request_bytes
from tests.server.http.rows_applicants import order_of_draft
from tests.server.http.site import Site
from tests.server.http.stage import Stage

DRAFT = "POST /api/v1/applications"


@pytest.fixture
def canaries() -> Canaries:
    made = Canaries()
    made.seed("ID number", an_id_number())
    made.seed("mobile", a_mobile())
    made.seed("password", a_password())
    made.seed("token", a_password() * 2)
    made.seed("openid", f"oOpenid-{a_password()}")
    return made


def refused(canary: str) -> dict[str, bytes]:
    """One value in every place of a request where it is refused: 400, 401, 404, 405, 413, 422."""
    login, body = "/api/v1/auth/login", f'{{"account": "{canary}", "password": "{canary}"}}'.encode()
    return {
        "no JSON": request_bytes("POST", login, b'{"account": "' + canary.encode()),
        "unknown field": request_bytes("POST", login, f'{{"{canary}": "{canary}"}}'.encode()),
        "wrong type": request_bytes("POST", login, f'{{"account": ["{canary}"]}}'.encode()),
        "login": request_bytes("POST", login, body),
        "token": request_bytes("GET", "/api/v1/me", Authorization=f"Bearer {canary}"),
        "path": request_bytes("GET", f"/api/v1/{canary}?q={canary}"),
        "id": request_bytes("GET", f"/api/v1/applications/{canary}"),
        "method": request_bytes("PUT", f"/api/v1/me?q={canary}"),
        "no HTTP": f"{canary}\r\n\r\n".encode(),
        "header": request_bytes("GET", "/api/v1/me", **{f"X_{canary}": canary, "User_Agent": canary, "Cookie": canary}),
        "header without colon": f"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n{canary}\r\n\r\n".encode(),
        "length": request_bytes("POST", login, Content_Length=canary),
        "callback": request_bytes("POST", f"/wechat/mini-program/callback?openid={canary}&signature={canary}", body),
        "multipart": request_bytes("PUT", "/api/v1/me", body, Content_Type=f"multipart/form-data; boundary={canary}"),
    }


async def test_what_is_refused_is_not_quoted(site: Site, canaries: Canaries) -> None:
    mark, said = site.mark, []

    for values in canaries.seeded.values():
        for value in values:
            said += [(await exchange(site, request)).status for request in refused(value).values()]

    assert {status // 100 for status in said} == {4}
    assert [line["status"] for line in site.lines(mark) if line["event"] == "request"] == said
    assert canaries.seen_in(site.log.read_bytes()[mark:]) == []


@asynccontextmanager
async def broken_by(engine: Engine, words: str) -> AsyncIterator[None]:
    """No application can be written, and the driver's error says `words`."""
    name = "of_the_test"
    raising = (
        f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{words}'" if engine.mariadb else f"SELECT RAISE(FAIL, '{words}')"
    )
    body = f"FOR EACH ROW {raising}" if engine.mariadb else f"BEGIN {raising}; END"
    await connection().execute_script(f"CREATE TRIGGER {name} BEFORE INSERT ON application {body}")
    try:
        yield
    finally:
        await connection().execute_script("DROP TRIGGER of_the_test")


async def test_a_fault_leaves_its_place_in_the_log_and_no_word_of_the_driver(
    engine: Engine, engine_site: Site, engine_stage: Stage, http: aiohttp.ClientSession, canaries: Canaries
) -> None:
    site, firm = engine_site, await engine_stage.actor(Who.FIRM)
    order = await order_of_draft(engine_stage, firm, firm)
    canaries.seed("form", *order.body["form"].values())
    [id_number] = canaries.seeded["ID number"]
    mark = site.mark

    async with broken_by(engine, f"cannot take {id_number}"):
        headers = {"Authorization": f"Bearer {firm.token}"}
        async with http.post(f"{site.url}/api/v1/applications", json=order.body, headers=headers) as answer:
            told = await answer.read()

    faults = [line for line in site.lines(mark) if line["event"] == "fault"]
    forget(site, mark)
    assert (answer.status, json.loads(told)["code"]) == (500, "internal")
    assert [line["request_id"] for line in faults] == [answer.headers["X-Request-ID"]]
    assert any("drafts.py" in frame for frame in faults[0]["trace"])
    assert canaries.seen_in(site.log.read_bytes()[mark:] + told + json.dumps(faults).encode()) == []


def forget(site: Site, mark: int) -> None:
    """The stage looks for faults afterwards; this one was wanted."""
    lines = site.log.read_bytes()[mark:].splitlines(keepends=True)
    kept = b"".join(line for line in lines if b'"event":"fault"' not in line)
    with site.log.open("r+b") as log:
        log.truncate(mark)
        log.seek(mark)
        log.write(kept)


@pytest.fixture
def written() -> Iterator[io.BytesIO]:
    """What the process would write for loggers of libraries."""
    stream = io.BytesIO()
    handler, root = JsonLines(stream), logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


async def test_a_task_nobody_waited_for_tells_where_it_failed_and_not_with_what(
    written: io.BytesIO, canaries: Canaries
) -> None:
    """asyncio quotes the whole error in its message."""
    [mobile] = canaries.seeded["mobile"]

    async def fail() -> None:
        raise ValueError(mobile)

    context: dict[str, Any] = {"message": "Task exception was never retrieved", "future": asyncio.create_task(fail())}
    with pytest.raises(ValueError, match=mobile):
        await context["future"]
    asyncio.get_running_loop().default_exception_handler(context | {"exception": context["future"].exception()})

    line = json.loads(written.getvalue())
    assert (line["event"], line["error"]) == ("Task exception was never retrieved", "ValueError")
    assert canaries.seen_in(written.getvalue()) == []


@pytest.mark.parametrize("logger", ["aiohttp.client", "tortoise.db_client", "sanic.error", "wechatpy.client", "PIL"])
async def test_values_that_a_library_fills_into_its_message_stay_out(
    logger: str, written: io.BytesIO, canaries: Canaries
) -> None:
    for kind, values in canaries.seeded.items():
        for value in values:
            logging.getLogger(logger).error("cannot take %s", value)
            assert json.loads(written.getvalue().splitlines()[-1])["event"] == "cannot take %s", kind

    assert canaries.seen_in(written.getvalue()) == []
