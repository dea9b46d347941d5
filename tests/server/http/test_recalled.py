"""An answer from a process's memory is the same answer, for the same people, and never older than one's own deed."""

from uuid import uuid4

from tests.server.http.cast import Who
from tests.server.http.client import Answer, Client, Order
from tests.server.http.stage import ON_SITE, Stage

GRID, BOOK = "GET /api/v1/appointments/grid", "POST /api/v1/appointments"


def of(people: int) -> Order:
    return Order(query={"business": ON_SITE, "people": people})


def remaining(grid: Answer, on: str, start: str) -> int:
    day = next(day for day in grid.body["days"] if day["date"] == on)
    return int(next(slot["remaining"] for slot in day["slots"] if slot["start"] == start))


async def test_the_second_reader_gets_the_same_bytes_and_headers(client: Client, stage: Stage) -> None:
    token = await stage.token(Who.FIRM)

    first, *others = [await client.send(GRID, of(2), token) for _ in range(4)]

    own = {"Content-Length", "X-Request-ID", "Content-Type", "Connection"}
    for other in others:
        assert other.headers.keys() == first.headers.keys()
        assert {k: v for k, v in other.headers.items() if k not in own} == {
            k: v for k, v in first.headers.items() if k not in own
        }
        assert other.headers["X-Request-ID"] != first.headers["X-Request-ID"]
        assert other.body["days"] == first.body["days"]


async def test_every_reader_has_one_line_in_the_log(client: Client, stage: Stage) -> None:
    token, mark = await stage.token(Who.FIRM), client.site.mark

    ids = {(await client.send(GRID, of(3), token)).headers["X-Request-ID"] for _ in range(5)}

    lines = [line for line in client.site.lines(mark) if line.get("request_id") in ids]
    assert len(lines) == len(ids) == 5


async def test_what_is_remembered_is_not_for_everybody(client: Client, stage: Stage) -> None:
    await client.send(GRID, of(2), await stage.token(Who.FIRM))

    said = {who: (await client.send(GRID, of(2), await stage.token(who))).said for who in Who}

    allowed = {who for who, words in said.items() if words == "200"}
    assert allowed == {Who.FIRM, Who.OTHER_FIRM, Who.CUSTODY, Who.OTHER_CUSTODY}


async def test_who_logged_out_is_not_known_by_heart_any_more(client: Client, stage: Stage) -> None:
    token = (await stage.fresh(Who.FIRM)).token
    await client.send(GRID, of(2), token)

    await client.send("POST /api/v1/auth/logout", token=token)

    assert (await client.send(GRID, of(2), token)).said == "401 session_expired"


async def test_who_has_booked_sees_it_in_the_next_grid(client: Client, stage: Stage) -> None:
    firm, slot = await stage.actor(Who.FIRM), await stage.free_slot()
    application = await stage.approved(firm)
    before = await client.send(GRID, of(1), firm.token)
    body = {"application_ids": [str(application.id)], "date": str(slot.on), "start": slot.start}

    await client.send(BOOK, Order(body=body, headers={"Idempotency-Key": uuid4().hex}), firm.token)

    after = await client.send(GRID, of(1), firm.token)
    place = str(slot.on), slot.start
    assert remaining(after, *place) == remaining(before, *place) - 1
