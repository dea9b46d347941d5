"""Bodies as nobody should send them, to every route that takes one: a clear no, and nothing written."""

from dataclasses import replace

import pytest

from tests.server.http.bad_input import BODIES, everything_written, spoilings
from tests.server.http.cast import Who
from tests.server.http.client import Client
from tests.server.http.matrix import ENDPOINTS, ROWS, order_of, winners
from tests.server.http.stage import Stage

WITH_BODY = [route for route, endpoint in ENDPOINTS.items() if endpoint.body]
_A_FEW = 8  # requests of one account: limits on how often something is tried are another test's matter


def asker(route: str) -> Who:
    """Somebody who may."""
    found = winners(ROWS[route])
    return next(who for who in (Who.FIRM, Who.ADMIN, Who.INCOMPLETE) if who in found)


@pytest.mark.parametrize("route", WITH_BODY)
async def test_what_is_no_json_of_ours_is_refused(route: str, client: Client, stage: Stage) -> None:
    order, token = await order_of(ROWS[route], stage, asker(route)), await stage.token(asker(route))
    before = await everything_written()

    answers = {
        name: await client.send(route, replace(order, body=None, raw=raw), token) for name, (raw, _) in BODIES.items()
    }

    assert {name: answer.said for name, answer in answers.items()} == {name: said for name, (_, said) in BODIES.items()}
    assert await everything_written() == before


@pytest.mark.parametrize("route", WITH_BODY)
async def test_one_wrong_thing_in_a_good_body_is_refused_or_harmless(
    route: str, engine_client: Client, engine_stage: Stage
) -> None:
    """Never a fault of ours; and what is refused has changed nothing, on either engine."""
    client, stage, who = engine_client, engine_stage, asker(route)
    order = await order_of(ROWS[route], stage, who)

    for number, (what, spoil) in enumerate(spoilings(order.body)):
        if number % _A_FEW == 0:
            stage.use_new_passwords()
            order = await order_of(ROWS[route], stage, who)
        before = await everything_written()
        answer = await client.send(route, replace(order, body=None, raw=spoil(order.body)), await stage.token(who))
        assert answer.status < 429, (what, answer.raw)
        if answer.status >= 400:
            assert await everything_written() == before, (what, answer.raw)
        else:
            order = await order_of(ROWS[route], stage, who)
