"""What every answer carries, and what a file of somebody carries so that no browser shows, runs or keeps it."""

import pytest

from server.http.call import Reply
from tests.server.http.cast import Who
from tests.server.http.client import Client, Order
from tests.server.http.contract import OF_THE_DOCUMENT
from tests.server.http.matrix import ENDPOINTS, ROWS, order_of, winners
from tests.server.http.raw import exchange, request_bytes
from tests.server.http.site import Site
from tests.server.http.stage import Stage

# Answers that are no JSON and are no file of anybody: words for WeChat, figures and the document.
_WORDS = OF_THE_DOCUMENT | {"GET /metrics", "GET /wechat/<app>/callback", "POST /wechat/<app>/callback"}
FILES = sorted(route for route, endpoint in ENDPOINTS.items() if endpoint.answer is Reply and route not in _WORDS)


def test_files_are_known() -> None:
    """A new one is looked at below by itself."""
    assert len(FILES) >= 5


@pytest.mark.parametrize("route", FILES)
async def test_a_file_is_downloaded_and_kept_by_nobody(route: str, client: Client, stage: Stage) -> None:
    """The client holds nosniff, no-store, no-referrer and DENY against every answer of every test."""
    who = next(who for who in (Who.FIRM, Who.REVIEWER) if who in winners(ROWS[route]))

    answer = await client.send(route, await order_of(ROWS[route], stage, who), await stage.token(who))

    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"].partition(";")[0] in ENDPOINTS[route].media
    assert "html" not in answer.headers["Content-Type"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_no_page_of_another_site_may_read_an_answer(method: str, site: Site, stage: Stage) -> None:
    firm = await stage.actor(Who.FIRM)
    asked = {"Origin": "https://evil.example", "Access_Control_Request_Method": "GET", "Authorization": firm.token}

    answer = await exchange(site, request_bytes(method, "/api/v1/me", **asked))

    assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []


async def test_no_answer_tells_what_it_was_made_with_or_leaves_a_cookie(client: Client, stage: Stage) -> None:
    firm = await stage.fresh(Who.FIRM)
    login = Order(body={"account": firm.account.number, "password": stage.password})

    answers = [
        await client.send("POST /api/v1/auth/login", login),
        await client.send("GET /api/v1/home", token=firm.token),
        await client.send("GET /docs"),
    ]
    stage.secrets.add(answers[0].body["token"])

    assert {
        name for answer in answers for name in ("Server", "X-Powered-By", "Set-Cookie") if name in answer.headers
    } == set()
