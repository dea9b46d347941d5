"""A client that hangs up: what it asked for is done wholly or not at all, and asking again tells the truth."""

import asyncio
from uuid import UUID

import pytest
from tortoise.expressions import F

from models.applications import Application
from server import crypto
from server.appointments.places import read_slot
from server.appointments.slots import Slot
from server.gateways.redis.sessions import RedisSessionViews
from server.http.door import CLIENT_GONE
from server.transactions import in_transaction
from tests.server.http.cast import STAFF, Actor, Who
from tests.server.http.client import Client, Order
from tests.server.http.deeds import DEEDS, Deed
from tests.server.http.matrix import ROWS
from tests.server.http.raw import bytes_of, connection
from tests.server.http.site import Site
from tests.server.http.stage import ON_SITE, Stage
from tests.server.http.waiting import until

_TIMES = 4


async def order_of(deed: Deed, stage: Stage) -> tuple[Actor, Order]:
    """Somebody nobody has heard of, and what he asks for."""
    actor = await stage.fresh(deed.who)
    owner = await stage.actor(Who.FIRM) if deed.who in STAFF else actor
    return actor, await deed.make(stage, owner, actor)


@pytest.mark.parametrize("name", DEEDS)
async def test_whoever_hangs_up_in_the_middle_interrupts_nothing(
    name: str, engine_client: Client, engine_stage: Stage
) -> None:
    """The rows that the deed needs are kept from it until the service has noticed that its client is gone."""
    deed, client, stage = DEEDS[name], engine_client, engine_stage
    actor, order = await order_of(deed, stage)
    id_, mark = deed.application_of(order), client.site.mark

    async with connection(client.site) as (_, writer), in_transaction():
        await Application.filter(id=id_).update(round=F("round"))
        writer.write(bytes_of(deed.route, order, actor.token))
        await until(lambda: has_come_in(client.site, actor), "the request inside")
        writer.transport.abort()
        await until(lambda: is_gone(client.site, mark, actor), "a line that says the client is gone")
        assert await deed.look(stage, id_) == deed.absent

    await until(lambda: is_done(deed, stage, id_), "the deed")
    again = await client.send(deed.route, order, actor.token)
    assert again.status == deed.again
    assert await deed.look(stage, id_) == deed.whole


async def has_come_in(site: Site, actor: Actor) -> bool:
    """His token was recognised, for the first time."""
    async with site.redis() as door:
        tag = actor.token.partition(".")[0]
        return await RedisSessionViews(door).get(tag, crypto.hash_secret(actor.token)) is not None


async def is_gone(site: Site, mark: int, actor: Actor) -> bool:
    lines = [line for line in site.lines(mark) if line.get("account") == str(actor.id)]
    return [line["status"] for line in lines] == [CLIENT_GONE]


async def is_done(deed: Deed, stage: Stage, id_: UUID) -> bool:
    return await deed.look(stage, id_) == deed.whole


@pytest.mark.parametrize("share", [1.0, 0.9], ids=["all was sent", "not all was sent"])
@pytest.mark.parametrize("name", DEEDS)
async def test_whoever_hangs_up_at_once_leaves_nothing_half_done(
    name: str, share: float, engine_client: Client, engine_stage: Stage
) -> None:
    """Whether the service heard him or not: the same request again finds it done, or does it, once."""
    deed, client, stage = DEEDS[name], engine_client, engine_stage

    for _ in range(_TIMES):
        actor, order = await order_of(deed, stage)
        await send_and_hang_up(client.site, bytes_of(deed.route, order, actor.token), share)
        again = await client.send(deed.route, order, actor.token)
        assert again.status in {deed.again, ROWS[deed.route].ok}
        await until(lambda: is_done(deed, stage, deed.application_of(order)), "the deed, once")  # noqa: B023


async def send_and_hang_up(site: Site, request: bytes, share: float) -> None:
    async with connection(site) as (_, writer):
        writer.write(request[: int(len(request) * share)])
        await writer.drain()


async def test_places_of_clients_that_hung_up_are_all_accounted_for(engine_client: Client, engine_stage: Stage) -> None:
    """What the grid offers is what the table has free, once holds and views have lapsed."""
    client, stage, deed = engine_client, engine_stage, DEEDS["booking"]
    slot = await stage.free_slot()
    orders = [await order_of(deed, stage) for _ in range(6)]
    for _, order in orders:
        order.body.update(date=str(slot.on), start=slot.start)

    requests = [bytes_of(deed.route, order, actor.token) for actor, order in orders]
    await asyncio.gather(*(send_and_hang_up(client.site, request, 1.0) for request in requests))
    answers = [await client.send(deed.route, order, actor.token) for actor, order in orders]

    assert {answer.said for answer in answers} == {"201"}
    capacity, rows = await read_slot(slot)
    assert len(rows) == len({place for place, _ in rows}) <= capacity
    firm = await stage.actor(Who.FIRM)
    await until(lambda: offers(client, firm, slot, capacity - len(rows)), "a grid that agrees with the table")


async def offers(client: Client, firm: Actor, slot: Slot, free: int) -> bool:
    order = Order(query={"business": ON_SITE})
    grid = await client.send("GET /api/v1/appointments/grid", order, firm.token)
    day = next(day for day in grid.body["days"] if day["date"] == str(slot.on))
    return bool(next(s for s in day["slots"] if s["start"] == slot.start)["remaining"] == free)
