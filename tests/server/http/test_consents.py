"""After submitting and booking, the mini program learns which messages to ask its user for; a browser does not."""

import pytest

from server.accounts.login import open_session
from tests.server.http.cast import Who
from tests.server.http.client import Client, Order
from tests.server.http.rows import Make
from tests.server.http.rows_applicants import booking, complete_draft, move
from tests.server.http.stage import Stage

PROGRESS, VISIT = "SUBSCRIBE-PROGRESS", "SUBSCRIBE-VISIT"

ROUTES: list[tuple[str, Make, list[str]]] = [
    ("POST /api/v1/applications/<id>/submit", complete_draft, [PROGRESS, VISIT]),
    ("POST /api/v1/appointments", booking, [VISIT, PROGRESS]),
    ("POST /api/v1/appointments/<id>/reschedule", move, [VISIT, PROGRESS]),
]


@pytest.mark.parametrize(("route", "make", "expected"), ROUTES)
async def test_the_mini_program_is_told(
    route: str, make: Make, expected: list[str], client: Client, stage: Stage
) -> None:
    firm = await stage.fresh(Who.FIRM)
    phone = await open_session(firm.account, "mini_program")
    stage.secrets.add(phone.token)

    answer = await client.send(route, await make(stage, firm, firm), phone.token)

    assert answer.body["subscribe"] == {"template_ids": expected}


@pytest.mark.parametrize(("route", "make", "_"), ROUTES)
async def test_a_browser_is_told_of_none(route: str, make: Make, _: list[str], client: Client, stage: Stage) -> None:
    firm = await stage.actor(Who.FIRM)

    answer = await client.send(route, await make(stage, firm, firm), firm.token)

    assert answer.body["subscribe"] == {"template_ids": []}


async def test_what_is_left_of_each_consent_can_be_read(client: Client, stage: Stage) -> None:
    firm = await stage.actor(Who.FIRM)

    answer = await client.send("GET /api/v1/me/subscribe-templates", Order(), firm.token)

    assert answer.body["items"] == [
        {"template_id": PROGRESS, "title": "业务办理进度提醒", "credits": 0},
        {"template_id": VISIT, "title": "现场办理预约提醒", "credits": 0},
    ]
