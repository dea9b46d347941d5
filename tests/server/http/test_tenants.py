"""What belongs to one account is in no list of another, and cannot be named in another's request."""

from uuid import UUID, uuid4

import pytest

from server.roster.register import add_cpa
from tests.server.http.cast import Actor, Who, an_id_number
from tests.server.http.client import Client, Order
from tests.server.http.matrix import ROWS, order_of
from tests.server.http.rows_applicants import booking, order_of_draft
from tests.server.http.stage import Stage

_LISTS = [route for route in ROWS if route.startswith("GET /api/v1/") and "<" not in route]


async def belongings(stage: Stage, owner: Actor) -> dict[str, str]:
    """One thing of each kind that lists show, by the kind's name."""
    approved = await stage.approved(owner)
    person = await add_cpa(owner.account.firm_id, "名册之人", f"{uuid4().int % 10**12:012}", an_id_number())
    return {
        "draft": str((await stage.draft(owner)).id),
        "returned or waiting": str(approved.id),
        "appointment": str((await stage.booked(owner)).id),
        "message": str((await stage.message(owner)).id),
        "binding": str((await stage.binding(owner)).id),
        "person": str(person.id),
    }


async def all_lists(client: Client, stage: Stage, who: Who) -> str:
    token = await stage.token(who)
    orders = {route: await order_of(ROWS[route], stage, who) for route in _LISTS}
    orders["GET /api/v1/roster"] = Order()
    answers = [await client.send(route, order, token) for route, order in orders.items()]
    return "".join(answer.raw.decode() for answer in answers)


@pytest.mark.parametrize("stranger", [Who.OTHER_FIRM, Who.CUSTODY])
async def test_no_list_shows_what_is_anothers(stranger: Who, client: Client, stage: Stage) -> None:
    things = await belongings(stage, await stage.actor(Who.FIRM))

    seen = {who: await all_lists(client, stage, who) for who in (Who.FIRM, stranger)}

    assert [kind for kind, id_ in things.items() if id_ not in seen[Who.FIRM]] == []
    assert [kind for kind, id_ in things.items() if id_ in seen[stranger]] == []


async def test_a_stranger_finds_nobody_by_his_id_number(client: Client, stage: Stage) -> None:
    firm, other = await stage.actor(Who.FIRM), await stage.actor(Who.OTHER_FIRM)
    order = await order_of_draft(stage, firm, firm)
    await client.send("POST /api/v1/applications", order, firm.token)
    search = Order(query={"q": order.body["form"]["id_number"]})

    own, others = [await client.send("GET /api/v1/applications", search, who.token) for who in (firm, other)]

    assert (len(own.body["items"]), others.body["items"]) == (1, [])


async def test_a_person_of_another_firms_roster_cannot_be_applied_for(client: Client, stage: Stage) -> None:
    firm, other = await stage.actor(Who.FIRM), await stage.actor(Who.OTHER_FIRM)
    person = await add_cpa(other.account.firm_id, "王明", "110001", an_id_number())
    order = await order_of_draft(stage, firm, firm)
    order.body["subject_id"] = str(person.id)

    answer = await client.send("POST /api/v1/applications", order, firm.token)

    assert answer.said == "404 not_found"


async def test_one_application_of_another_spoils_a_whole_booking(client: Client, stage: Stage) -> None:
    firm, other = await stage.actor(Who.FIRM), await stage.actor(Who.OTHER_FIRM)
    order = await booking(stage, firm, firm)
    foreign = (await stage.approved(other)).id
    order.body["application_ids"].append(str(foreign))

    answer = await client.send("POST /api/v1/appointments", order, firm.token)

    assert answer.said == "404 not_found"
    assert await states(client, firm, order.body["application_ids"][:1]) == ["approved_to_book"]
    assert await states(client, other, [foreign]) == ["approved_to_book"]


async def states(client: Client, actor: Actor, ids: list[UUID]) -> list[str]:
    route = "GET /api/v1/applications/<id>"
    answers = [await client.send(route, Order(path={"id": id_}), actor.token) for id_ in ids]
    return [answer.body["status"] for answer in answers]


async def test_a_key_of_one_account_means_nothing_for_another(client: Client, stage: Stage) -> None:
    firm, other = await stage.actor(Who.FIRM), await stage.actor(Who.OTHER_FIRM)
    own, foreign = await booking(stage, firm, firm), await booking(stage, other, other)
    booked = await client.send("POST /api/v1/appointments", own, firm.token)
    key = {"Idempotency-Key": own.headers["Idempotency-Key"]}

    looked_up = await client.send("GET /api/v1/appointments", Order(headers=key), other.token)
    same_key = await client.send("POST /api/v1/appointments", Order(body=foreign.body, headers=key), other.token)

    assert looked_up.body["items"] == []
    assert (same_key.said, same_key.body["id"] != booked.body["id"]) == ("201", True)


async def test_at_the_desk_only_people_of_the_visit_can_be_named(client: Client, stage: Stage) -> None:
    clerk, firm = await stage.actor(Who.CLERK), await stage.actor(Who.FIRM)
    visit, stranger = await stage.booked(firm), await stage.approved(firm)
    order = Order(path={"id": visit.id}, body={"application_ids": [str(stranger.id)]})

    answer = await client.send("POST /console/v1/appointments/<id>/complete", order, clerk.token)

    assert answer.status == 409
    assert await states(client, firm, [stranger.id]) == ["approved_to_book"]
