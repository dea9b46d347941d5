"""The phone's pages need nothing from outside, and reach the service through the simulator."""

import re
from pathlib import Path

import pytest

from tests.simulator.conftest import TEMPLATE, Caller, StubService

PAGES = {path.name: path.read_text() for path in sorted((Path(__file__).parent / "pages").iterdir())}


@pytest.mark.parametrize("path", ["/", "/phone?openid=x", "/scan?ticket=x", "/bind", "/wechat/bind"])
async def test_every_address_of_the_phone_is_a_chinese_page(caller: Caller, path: str) -> None:
    page = await caller.text(path)

    assert page.startswith("<!doctype html>")
    assert 'lang="zh-CN"' in page
    assert 'name="viewport"' in page


@pytest.mark.parametrize("name", PAGES)
async def test_pages_are_served_and_load_nothing_from_elsewhere(caller: Caller, name: str) -> None:
    text = await caller.text(f"/pages/{name}")

    assert text == PAGES[name]
    assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(|fetch\(["'`]http""", text)


async def test_opening_a_scan_link_changes_nothing_by_itself(caller: Caller, service: StubService) -> None:
    made = await caller.create_qr()

    await caller.text(f"/scan?ticket={made['ticket']}")

    assert service.received == []


async def test_a_call_goes_through_to_the_service_and_its_answer_comes_back(
    caller: Caller, service: StubService
) -> None:
    async with caller.http.post(
        f"{caller.url}/service/api/v1/wechat/tickets/preview?a=1", json={"nonce": "n"}, headers={"Cookie": "mine=1"}
    ) as answer:
        seen = await answer.json()

    assert answer.status == 409
    assert (seen["method"], seen["path"]) == ("POST", "/api/v1/wechat/tickets/preview?a=1")
    assert (seen["type"], seen["body"]) == ("application/json", '{"nonce": "n"}')
    assert seen["cookie"] is None


async def test_the_names_of_a_templates_fields_are_those_of_the_wording(caller: Caller) -> None:
    known = await caller.get("/_/templates")

    assert known[TEMPLATE]["title"]
    assert all(known[TEMPLATE]["fields"].values())
