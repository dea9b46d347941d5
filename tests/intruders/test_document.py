"""Whatever is sent that the document allows, or does not: no fault of ours, and no answer that it does not describe."""

import asyncio
from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path

import pytest

from tests.conftest import ENGINES
from tests.intruders.fuzz import Fuzzer
from tests.intruders.houses import running_house
from tests.server.http.cast import Who
from tests.server.http.client import Order
from tests.server.http.contract import OF_THE_DOCUMENT, Contract
from tests.server.http.matrix import ROWS, order_of, winners
from tests.server.http.site import Site
from tests.server.http.stage import Stage

CALLERS = (Who.FIRM, Who.OTHER_FIRM, Who.ADMIN)  # two tenants and a member of staff who may do everything
EXAMPLES = 4
ROUTES = [route for route in ROWS if route not in OF_THE_DOCUMENT]


@pytest.fixture(params=ENGINES)
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """Where anything may be broken."""
    mariadb = request.getfixturevalue("mariadb") if request.param == ENGINES[1] else None
    async with running_house(tmp_path, mariadb) as stage:
        yield stage


async def test_nothing_that_can_be_sent_finds_a_fault_or_an_undocumented_answer(
    stage: Stage, contract: Contract
) -> None:
    """Each operation by each caller, about things of the first; all of it is thrown away afterwards."""
    fuzzer = Fuzzer(stage.site.url, contract.document, EXAMPLES)
    operations = fuzzer.operations()
    await stage.a_worker_beats()

    for route in ROUTES:
        stage.use_new_passwords()
        owner = Who.FIRM if Who.FIRM in winners(ROWS[route]) else Who.ADMIN
        good = await order_of(ROWS[route], stage, owner)
        tokens = [await stage.token(who) for who in CALLERS]
        await asyncio.to_thread(fuzzer.attack, route, operations[route], good, tokens)

    found = fuzzer.findings
    assert found.faults == []
    assert set(operations) == set(ROUTES) == set(found.statuses)
    assert [route for route, seen in found.statuses.items() if sum(seen.values()) < len(CALLERS)] == []
    reached = [route for route, seen in found.statuses.items() if any(status < 300 for status in seen)]
    assert len(reached) > 0.8 * len(ROUTES)


async def test_an_answer_that_the_document_forgot_is_found(site: Site, contract: Contract) -> None:
    """The control: the same search, with a document that does not know of strangers."""
    document = deepcopy(contract.document)
    del document["paths"]["/api/v1/me"]["get"]["responses"]["401"]
    fuzzer = Fuzzer(site.url, document, EXAMPLES)

    await asyncio.to_thread(fuzzer.attack, "GET /api/v1/me", fuzzer.operations()["GET /api/v1/me"], Order(), ["x"])

    assert fuzzer.findings.faults != []
    assert all("401" in fault for fault in fuzzer.findings.faults)
