"""Headers as an intruder writes them: they choose nobody's identity, address, method or answer."""

from dataclasses import replace
from uuid import uuid4

import pytest

from models.applications import Application
from server.accounts.guessing import TRIES
from tests.server.http.cast import Who
from tests.server.http.client import Client, Order, fresh_address
from tests.server.http.raw import exchange, request_bytes
from tests.server.http.rows_applicants import answers
from tests.server.http.site import Site
from tests.server.http.stage import Stage

LOGIN, ME = "/api/v1/auth/login", "/api/v1/me"
OVERRIDES = ("X_HTTP_Method_Override", "X_HTTP_Method", "X_Method_Override")


async def tried_from(site: Site, *addresses: dict[str, str]) -> list[str]:
    """What a wrong password of another account each is told from addresses written in these headers."""
    body = '{{"account": "nobody-{}", "password": "wrong-{}"}}'
    requests = [
        request_bytes("POST", LOGIN, body.format(n, n).encode(), **headers) for n, headers in enumerate(addresses)
    ]
    return [(await exchange(site, request)).said for request in requests]


LOCKED = ["401 bad_credentials"] * TRIES + ["429 too_many_tries"]


async def test_without_a_proxy_nobody_chooses_his_address(site: Site) -> None:
    names = ("X_Forwarded_For", "X_Real_IP", "True_Client_IP", "CF_Connecting_IP")
    written = [dict.fromkeys(names, f"192.0.2.{n}") | {"Forwarded": f"for=192.0.2.{n}"} for n in range(TRIES + 1)]
    direct = replace(site.beside(proxies="0"), prefix=f"h{uuid4().hex[:12]}")  # it counts for itself

    async with direct.served():
        assert await tried_from(direct, *written) == LOCKED


async def test_behind_one_proxy_only_what_the_proxy_added_counts(site: Site) -> None:
    """It adds the address it sees at the end; what stood there before was written by the caller."""
    seen_by_proxy = fresh_address()
    written = [{"X_Forwarded_For": f"192.0.2.{n}, 10.0.0.{n}, {seen_by_proxy}"} for n in range(TRIES + 1)]

    assert await tried_from(site, *written) == LOCKED


async def test_a_method_is_what_the_request_line_says(client: Client, stage: Stage) -> None:
    firm = await stage.actor(Who.FIRM)
    draft = await stage.draft(firm)
    asked = {name.replace("_", "-"): "DELETE" for name in OVERRIDES}

    by_header = await client.send("GET /api/v1/applications/<id>", Order({"id": draft.id}, headers=asked), firm.token)
    by_query = await client.send("GET /api/v1/applications", Order(query={"_method": "DELETE"}), firm.token)

    assert (by_header.said, by_query.said) == ("200", "422 invalid")
    assert await Application.filter(id=draft.id).exists()


@pytest.mark.parametrize("path", ["/api/v1/home", "/api/v1/nothing", "/docs", "/openapi.json", "/healthz/live"])
async def test_the_name_a_caller_gives_us_is_not_repeated(path: str, site: Site) -> None:
    evil = dict.fromkeys(("Host", "X_Forwarded_Host", "X_Forwarded_Server", "Origin", "Referer"), "evil.example")

    answer = await exchange(site, request_bytes("GET", path, X_Forwarded_Proto="javascript", **evil))

    said = answer.raw + repr(list(answer.headers.items())).encode()
    assert b"evil.example" not in said
    assert b"javascript" not in said


async def test_the_link_to_confirm_a_binding_leads_to_us_whatever_host_was_named(client: Client, stage: Stage) -> None:
    firm, platform = await stage.actor(Who.FIRM), stage.site.simulator.platform
    phone, order = (
        platform.add_phone("手机", follows=True),
        Order(body={}, headers={"X-Forwarded-Host": "evil.example"}),
    )
    made = await client.send("POST /api/v1/me/wechat/tickets", order, firm.token)
    stage.secrets |= {made.body["ticket"], phone.openid}

    await stage.site.simulator.pushes.scan(phone, made.body["ticket"], next(reversed(platform.qr_codes)))

    assert "#nonce=" in phone.messages[-1].text
    assert "evil.example" not in phone.messages[-1].text


def doubled(name: str, first: str, second: str, *, method: str = "GET", path: str = ME, body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    return f"{head}{name}: {first}\r\n{name}: {second}\r\n".encode()


async def test_of_two_tokens_the_first_counts(site: Site, stage: Stage) -> None:
    """Whoever stands in front of us and reads the first one sees the same caller."""
    one, other = await stage.actor(Who.FIRM), await stage.actor(Who.OTHER_FIRM)
    pairs = [(one.token, other.token), (other.token, one.token), ("x", one.token)]

    seen = [await exchange(site, doubled("Authorization", *map("Bearer {}".format, pair)) + b"\r\n") for pair in pairs]

    assert [answer.status for answer in seen] == [200, 200, 401]
    assert [answer.body["id"] for answer in seen[:2]] == [str(one.id), str(other.id)]


async def test_of_two_versions_the_first_counts(site: Site, stage: Stage) -> None:
    firm = await stage.actor(Who.FIRM)
    order = await answers(stage, firm, firm)
    path, body = f"/api/v1/applications/{order.path['id']}", b'{"form": {}}'
    right, token = order.headers["If-Match"], f"Authorization: Bearer {firm.token}\r\n\r\n".encode()

    said = [
        await exchange(site, doubled("If-Match", *pair, method="PATCH", path=path, body=body) + token + body)
        for pair in (("999", right), (right, "999"))
    ]

    assert [answer.said for answer in said] == ["412 stale_version", "200"]


@pytest.mark.parametrize("where", ["Cookie: token={}", "Cookie: Authorization=Bearer {}", "X-Access-Token: {}"])
async def test_a_token_where_a_browser_would_add_it_opens_nothing(where: str, site: Site, stage: Stage) -> None:
    """No foreign page can act for whoever looks at it."""
    firm = await stage.actor(Who.FIRM)
    head = f"GET {ME} HTTP/1.1\r\nHost: x\r\n{where.format(firm.token)}\r\n\r\n"

    assert (await exchange(site, head.encode())).said == "401 unauthenticated"


async def test_a_token_in_an_address_opens_nothing(site: Site, stage: Stage) -> None:
    firm = await stage.actor(Who.FIRM)

    answer = await exchange(site, request_bytes("GET", f"{ME}?token={firm.token}&access_token={firm.token}"))

    assert answer.said == "401 unauthenticated"
