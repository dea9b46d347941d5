"""Requests whose framing, path or size is an attack: refused in the house's words, and nothing behind them is read."""

import asyncio

import pytest

from server.http.endpoint import MOST_BYTES, MOST_UPLOADED
from tests.server.http.cast import Who
from tests.server.http.client import Client
from tests.server.http.raw import connection, exchange, request_bytes
from tests.server.http.site import Site
from tests.server.http.stage import Stage

LOGIN, ME = "/api/v1/auth/login", "/api/v1/me"


def _after(*lines: str, method: str = "POST", path: str = LOGIN) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines]).encode()


# Requests of which two readers could see different ends: a second one hides behind the first.
_HIDDEN = b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLED = {
    "a length and chunks": _after("Content-Length: 5", "Transfer-Encoding: chunked", "", "0", "", "") + _HIDDEN,
    "chunks and a length": _after("Transfer-Encoding: chunked", "Content-Length: 5", "", "0", "", "") + _HIDDEN,
    "two lengths": _after("Content-Length: 2", "Content-Length: 41", "", "{}") + _HIDDEN,
    "the same length twice": _after("Content-Length: 2", "Content-Length: 2", "", "{}") + _HIDDEN,
    "a length with a sign": _after("Content-Length: +2", "", "{}") + _HIDDEN,
    "a length with a line": _after("Content-Length: 1_0", "", "{}") + _HIDDEN,
    "another coding": _after("Transfer-Encoding: xchunked", "Content-Length: 2", "", "{}") + _HIDDEN,
    "two codings": _after("Transfer-Encoding: gzip, chunked", "", "0", "", "") + _HIDDEN,
    "a blank before the colon": _after("Content-Length : 2", "", "{}") + _HIDDEN,
    "a tab before the colon": _after("Content-Length\t: 2", "", "{}") + _HIDDEN,
    "a folded line": _after("X-A: b", " Content-Length: 41", "", "") + _HIDDEN,
    "a length in other letters": _after("Content-Length\u2024: 2", "", "{}") + _HIDDEN,
    "a negative chunk": _after("Transfer-Encoding: chunked", "", "-2", "{}", "0", "", "") + _HIDDEN,
    "a chunk with a sign": _after("Transfer-Encoding: chunked", "", "+2", "{}", "0", "", "") + _HIDDEN,
}


@pytest.mark.parametrize("what", SMUGGLED)
async def test_a_request_with_two_ends_is_refused_and_nothing_after_it_is_read(what: str, site: Site) -> None:
    answer = await exchange(site, SMUGGLED[what])

    assert answer.said == "400 bad_request"
    assert answer.headers["Connection"] == "close"
    assert answer.faults() == []


PATHS = [
    "/api/v1/../../etc/passwd",
    "/api/v1/%2e%2e/%2e%2e/etc/passwd",
    "/api/v1/applications/..%2f..%2f..%2fetc%2fpasswd/materials/loss_notice",
    "/api/v1/applications/%00/materials/..%5c..%5csecrets.json",
    "//etc/passwd",
    "/docs/../secrets.json",
    "/.git/config",
    "/static/../zcgl.sqlite3",
]


@pytest.mark.parametrize("path", PATHS)
async def test_no_path_leads_out_of_the_house(path: str, site: Site, stage: Stage) -> None:
    firm = await stage.actor(Who.FIRM)

    answer = await exchange(site, request_bytes("GET", path, Authorization=f"Bearer {firm.token}"))

    assert answer.said == "404 not_found"


@pytest.mark.parametrize(
    "text", ["a%0d%0aSet-Cookie:%20a=b", "a%0aSet-Cookie:%20a=b", "%E5%98%8A%E5%98%8DSet-Cookie:a"]
)
async def test_a_line_end_in_an_address_ends_no_line_of_an_answer(text: str, site: Site, stage: Stage) -> None:
    firm = await stage.actor(Who.FIRM)
    paths = [f"/api/v1/{text}", f"/api/v1/roster?q={text}", f"/api/v1/businesses/{text}", f"/{text}/callback"]

    seen = [await exchange(site, request_bytes("GET", path, Authorization=f"Bearer {firm.token}")) for path in paths]

    assert [answer.headers.get("Set-Cookie") for answer in seen] == [None] * len(seen)
    assert [fault for answer in seen for fault in answer.faults()] == []


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [("POST", LOGIN, MOST_BYTES), ("PUT", "/api/v1/applications/none/materials/none", MOST_UPLOADED)],
)
async def test_a_body_without_end_is_refused_at_the_limit(method: str, path: str, most: int, site: Site) -> None:
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = _after("Transfer-Encoding: chunked", "", "", method=method, path=path)

    answer = await exchange(site, head + piece * (most // 0x10000 + 1))

    assert answer.said == "413 request_too_large"


@pytest.mark.parametrize("header", [f"X-{'a' * 9000}: b", f"X-A: {'b' * 9000}", "X-A: b\r\n" * 2000])
async def test_headers_beyond_measure_are_refused(header: str, site: Site) -> None:
    answer = await exchange(site, _after(header, "", "", method="GET", path=ME))

    assert answer.said == "413 request_too_large"


async def reply_to(site: Site, begun: bytes) -> bytes:
    """All that comes until the service hangs up on a request that never ends."""
    async with asyncio.timeout(40), connection(site) as (reader, writer):
        writer.write(begun)
        return await reader.read()


async def test_a_request_that_does_not_end_is_hung_up_on_and_holds_up_nobody(
    site: Site, client: Client, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the sender's fault and no fault of ours: no 5xx, no alarm in the log."""
    monkeypatch.setenv("SANIC_REQUEST_TIMEOUT", "1")  # for a head; its body has 20 s beyond the door's patience
    half = {
        "head": _after("X-A: b", method="GET", path=ME),
        "body": _after("Content-Length: 20", "", '{"a'),
        "chunk": _after("Transfer-Encoding: chunked", "", "5", "{"),
        "callback": _after("Content-Length: 20", "", "<x", path="/wechat/mini-program/callback"),
    }
    firm = await stage.actor(Who.FIRM)

    async with site.beside(request_seconds="4").served() as hasty:
        slow = [asyncio.create_task(reply_to(hasty, request)) for request in half.values() for _ in range(50)]
        meanwhile = [(await client.at(hasty).send("GET /api/v1/me", token=firm.token)).status for _ in range(5)]
        replies = await asyncio.gather(*slow)

    assert meanwhile == [200] * 5
    assert {reply.partition(b"\r\n")[0] for reply in replies} == {b"HTTP/1.1 408 Request Timeout"}
    assert all(b"connection: close" in reply.lower() and b"request_too_slow" in reply for reply in replies)
    assert [line for line in hasty.lines() if line["level"] == "error"] == []
