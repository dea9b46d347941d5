"""The key of a request protects its sender and gives nobody anything: not another's booking, not a second one."""

from uuid import uuid4

import pytest

from models.appointments import Visit
from tests.server.http.bad_input import everything_written
from tests.server.http.cast import Who
from tests.server.http.client import Client, Order
from tests.server.http.rows_applicants import booking, move
from tests.server.http.stage import Stage

BOOK, MOVE = "POST /api/v1/appointments", "POST /api/v1/appointments/<id>/reschedule"
CANCEL, LOOK = "POST /api/v1/appointments/<id>/cancel", "GET /api/v1/appointments"


def with_key(order: Order, key: str) -> Order:
    return Order(order.path, order.body, headers={"Idempotency-Key": key})


async def test_the_same_key_for_another_body_is_refused_and_nothing_changes(
    engine_client: Client, engine_stage: Stage
) -> None:
    client, firm = engine_client, await engine_stage.fresh(Who.FIRM)
    first, second = [await booking(engine_stage, firm, firm) for _ in range(2)]
    key = first.headers["Idempotency-Key"]
    booked = await client.send(BOOK, first, firm.token)
    before = await everything_written()

    misused = await client.send(BOOK, with_key(second, key), firm.token)

    assert (booked.status, misused.said) == (201, "422 idempotency_key_reused")
    assert await everything_written() == before


async def test_a_key_of_a_booking_moves_nothing(client: Client, stage: Stage) -> None:
    firm = await stage.fresh(Who.FIRM)
    booked_with, moved_with = await booking(stage, firm, firm), await move(stage, firm, firm)
    await client.send(BOOK, booked_with, firm.token)
    before = await everything_written()

    answer = await client.send(MOVE, with_key(moved_with, booked_with.headers["Idempotency-Key"]), firm.token)

    assert answer.said == "422 idempotency_key_reused"
    assert await everything_written() == before


async def test_a_replay_after_the_booking_was_cancelled_books_nothing(client: Client, stage: Stage) -> None:
    firm = await stage.fresh(Who.FIRM)
    order = await booking(stage, firm, firm)
    booked = await client.send(BOOK, order, firm.token)
    await client.send(CANCEL, Order({"id": booked.body["id"]}), firm.token)
    before = await everything_written()

    replayed = await client.send(BOOK, order, firm.token)

    assert (replayed.body["id"], replayed.body["status"]) == (booked.body["id"], "cancelled")
    assert await everything_written() == before
    assert await Visit.filter(live_application_id=order.body["application_ids"][0]).count() == 0


async def test_a_key_seen_elsewhere_shows_a_stranger_nothing(client: Client, stage: Stage) -> None:
    """Neither by looking it up nor by sending the same request."""
    firm, thief = await stage.fresh(Who.FIRM), await stage.fresh(Who.OTHER_FIRM)
    order = await booking(stage, firm, firm)
    await client.send(BOOK, order, firm.token)

    looked = await client.send(LOOK, Order(headers=order.headers), thief.token)
    replayed = await client.send(BOOK, order, thief.token)

    assert (looked.body["items"], replayed.said) == ([], "404 not_found")


@pytest.mark.parametrize("route", [BOOK, MOVE])
async def test_without_a_key_nothing_is_booked(route: str, client: Client, stage: Stage) -> None:
    firm = await stage.fresh(Who.FIRM)
    order = await (booking if route == BOOK else move)(stage, firm, firm)
    before = await everything_written()

    answer = await client.send(route, Order(order.path, order.body), firm.token)

    assert answer.said == "422 idempotency_key_required"
    assert await everything_written() == before


async def test_many_keys_for_one_application_are_one_booking(client: Client, stage: Stage) -> None:
    firm = await stage.fresh(Who.FIRM)
    order = await booking(stage, firm, firm)

    said = [(await client.send(BOOK, with_key(order, uuid4().hex), firm.token)).said for _ in range(4)]

    assert said == ["201", *["409 not_bookable"] * 3]
