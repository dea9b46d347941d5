"""Every route against every kind of caller: the whole table of who may do what, and what the others are told."""

import pytest

from tests.server.http.cast import Who
from tests.server.http.client import Client
from tests.server.http.contract import OF_THE_DOCUMENT
from tests.server.http.matrix import ENDPOINTS, ROWS, order_of, winners
from tests.server.http.stage import Stage


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert set(ROWS) == set(ENDPOINTS) | OF_THE_DOCUMENT


@pytest.mark.parametrize("route", ROWS)
async def test_each_caller_is_told_what_the_row_says(route: str, client: Client, stage: Stage) -> None:
    """The refused come first, on the very thing with which the first of the others then succeeds: they changed it in
    nothing."""
    row = ROWS[route]
    first, *others = winners(row)
    refused = [who for who in Who if who not in (first, *others)]
    order = await order_of(row, stage, first)

    answers = {who: await client.send(route, order, await stage.token(who)) for who in [*refused, first]}
    for who in others:
        answers[who] = await client.send(route, await order_of(row, stage, who), await stage.token(who))

    assert {who: answers[who].said for who in Who} == {who: row.expected(who) for who in Who}
