"""Whatever is sent, the answer is one of ours: a code, words in Chinese, the id, the headers; and one log line."""

import json

import pytest

from models.accounts import LoginSession
from server.http.endpoint import MOST_BYTES, MOST_UPLOADED
from tests.server.http.cast import Who
from tests.server.http.client import Client, Order
from tests.server.http.raw import exchange, request_bytes
from tests.server.http.site import Site
from tests.server.http.stage import Stage
from tests.server.http.waiting import until

_BIG = "9" * 20_000
STRANGE: dict[str, tuple[bytes, str]] = {
    "no such route": (request_bytes("GET", "/api/v1/nothing"), "404 not_found"),
    "no such route, with a name in it": (request_bytes("GET", "/%E5%BC%A0%E4%B8%89"), "404 not_found"),
    "a path out of the house": (request_bytes("GET", "/api/v1/../../etc/passwd"), "404 not_found"),
    "a percent sign of nothing": (request_bytes("GET", "/api/v1/businesses/%zz"), "401 unauthenticated"),
    "wrong method": (request_bytes("PUT", "/api/v1/home"), "405 method_not_allowed"),
    "a method nobody knows": (request_bytes("BREW", "/api/v1/home"), "405 method_not_allowed"),
    "options": (request_bytes("OPTIONS", "/api/v1/home"), "405 method_not_allowed"),
    "no HTTP": (b"hello\r\n\r\n", "400 bad_request"),
    "HTTP of the future": (b"GET /api/v1/home HTTP/9.9\r\nHost: x\r\n\r\n", "400 bad_request"),
    "a header without a colon": (b"GET /api/v1/home HTTP/1.1\r\nHost x\r\n\r\n", "400 bad_request"),
    "a path of bytes": (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", "400 bad_request"),
    "too long a path": (request_bytes("GET", f"/api/v1/{_BIG}"), "413 request_too_large"),
    "too long a header": (request_bytes("GET", "/api/v1/home", X_Note=_BIG), "413 request_too_large"),
    "a length of letters": (request_bytes("POST", "/api/v1/auth/login", Content_Length="ten"), "400 bad_request"),
    "a negative length": (request_bytes("POST", "/api/v1/auth/login", Content_Length="-5"), "400 bad_request"),
    "a length beyond all bounds": (
        request_bytes("POST", "/api/v1/auth/login", Content_Length="99999999999"),
        "413 request_too_large",
    ),
    "a chunk of letters": (
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "400 bad_request",
    ),
    "a token of bytes": (
        b"GET /api/v1/home HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
        "401 session_expired",
    ),
    "a token without end": (
        request_bytes("GET", "/api/v1/home", Authorization=f"Bearer {'x' * 4000}"),
        "401 session_expired",
    ),
    "another scheme": (request_bytes("GET", "/api/v1/home", Authorization="Basic Og=="), "401 unauthenticated"),
    "an empty token": (request_bytes("GET", "/api/v1/home", Authorization="Bearer "), "401 unauthenticated"),
}


@pytest.mark.parametrize("what", STRANGE)
async def test_a_strange_request_gets_an_answer_of_the_house(what: str, site: Site) -> None:
    request, expected = STRANGE[what]

    answer = await exchange(site, request)

    assert answer.said == expected
    assert answer.faults() == []


async def test_a_refused_method_names_those_that_are_there(site: Site) -> None:
    answer = await exchange(site, request_bytes("PUT", "/api/v1/me"))

    assert sorted(answer.headers["Allow"].replace(" ", "").split(",")) == ["GET", "PATCH"]


@pytest.mark.parametrize(
    ("route", "most"),
    [
        ("POST /api/v1/auth/login", MOST_BYTES),
        ("PATCH /api/v1/me", MOST_BYTES),
        ("PUT /api/v1/applications/none/materials/none", MOST_UPLOADED),
    ],
)
async def test_a_request_too_large_is_refused_before_it_is_sent(route: str, most: int, site: Site) -> None:
    """And the connection is closed: what would follow on it is the body nobody wants."""
    answer = await exchange(site, request_bytes(*route.split(" "), Content_Length=str(most + 1)))

    assert answer.said == "413 request_too_large"
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("what", ["no such route", "wrong method", "no HTTP", "a token of bytes"])
async def test_every_request_leaves_one_line_with_its_id(what: str, site: Site) -> None:
    """Also one that found no route: whoever calls with the id from his screen can be helped."""
    mark = site.mark

    answer = await exchange(site, STRANGE[what][0])

    lines = [line for line in site.lines(mark) if line.get("request_id") == answer.headers["X-Request-ID"]]
    assert [(line["event"], line["status"]) for line in lines] == [("request", answer.status)]


async def test_what_was_typed_into_a_path_stands_in_no_log(site: Site) -> None:
    mark = site.mark

    await exchange(site, request_bytes("GET", "/api/v1/nothing/110108197505151254?mobile=13911112222"))

    written = json.dumps(list(site.lines(mark)))
    assert "request" in written
    assert "110108197505151254" not in written
    assert "13911112222" not in written


async def test_ids_from_outside_are_not_believed(site: Site) -> None:
    answer = await exchange(site, request_bytes("GET", "/api/v1/home", X_Request_ID="forged"))

    assert answer.body["request_id"] == answer.headers["X-Request-ID"] != "forged"


async def test_an_answer_that_takes_too_long_still_has_an_id_and_the_work_goes_on(client: Client, stage: Stage) -> None:
    """A login hashes for longer than this process has patience."""
    firm = await stage.actor(Who.FIRM)
    order = Order(body={"account": firm.account.number, "password": stage.password})

    async def is_logged_in() -> bool:
        return await LoginSession.filter(account_id=firm.id).count() == 2

    async with client.site.beside(request_seconds="0.001").served() as hasty:
        answer = await client.at(hasty).send("POST /api/v1/auth/login", order)
        await until(is_logged_in, "the login that was begun")

    assert answer.said == "503 outcome_unknown"


async def test_the_longest_notice_is_read_however_it_is_written(client: Client, stage: Stage) -> None:
    """Every letter of it as an escape of twelve bytes."""
    numbers = [f"{n:032}" for n in range(500)]
    body = {"title": "题" * 100, "body": "𠮷" * 20_000, "audience": {"kinds": [], "numbers": numbers}}
    order = Order(raw=json.dumps(body).encode())

    answer = await client.send("POST /console/v1/notices", order, (await stage.actor(Who.ADMIN)).token)

    assert answer.said == "422 unknown_numbers"
