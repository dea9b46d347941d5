"""The pages in the browser: served at the addresses that are written into links, and shielded."""

import re
from urllib.parse import urlsplit

import pytest

from tests.simulator.conftest import TEMPLATE, Caller, StubService

ADDRESSES = ["/", "/phone", "/scan", "/wechat/bind", "/mini-program", "/computer"]


@pytest.mark.parametrize("path", ADDRESSES)
async def test_every_address_is_a_chinese_page(caller: Caller, path: str) -> None:
    page = await caller.text(path)

    assert page.startswith("<!doctype html>")
    assert 'lang="zh-CN"' in page
    assert 'name="viewport"' in page


@pytest.mark.parametrize("path", ADDRESSES)
async def test_everything_a_page_loads_is_served(caller: Caller, path: str) -> None:
    waiting, loaded = re.findall(r'(?:src|href)="(/pages/[^"]+)"', await caller.text(path)), set[str]()
    while waiting:
        async with caller.http.get(caller.url + (file := waiting.pop())) as answer:
            assert answer.status == 200, file
            imported = re.findall(r'from "([^"]+)"', await answer.text())
        loaded.add(file)
        waiting += [name for name in imported if name not in loaded]

    assert any(name.endswith(".js") for name in loaded)
    assert "/pages/style.css" in loaded


@pytest.mark.parametrize("path", [*ADDRESSES, "/pages/ask.js", "/_/phones", "/service/api/v1/x", "/nowhere"])
async def test_no_answer_may_run_load_or_be_framed_by_anything_foreign(caller: Caller, path: str) -> None:
    async with caller.http.get(caller.url + path) as answer:
        policy = dict(rule.strip().split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split(";"))

    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_opening_a_scan_link_changes_nothing_by_itself(caller: Caller, service: StubService) -> None:
    made = await caller.create_qr()

    await caller.text(urlsplit(made["url"]).path)

    assert service.received == []


async def test_the_ticket_of_a_qr_code_is_sent_to_no_server_in_an_address(caller: Caller) -> None:
    made = await caller.create_qr()
    url = urlsplit(made["url"])

    assert made["ticket"] in url.fragment
    assert made["ticket"] not in url.path + url.query


async def test_the_names_of_a_templates_fields_are_those_of_the_wording(caller: Caller) -> None:
    known = await caller.get("/_/templates")

    assert known[TEMPLATE]["title"]
    assert all(known[TEMPLATE]["fields"].values())
