"""What people write comes back as they wrote it, on either engine: rare characters, and values at their longest."""

import pytest

from server.roster.register import add_cpa
from tests.server.http.cast import Who, an_id_number
from tests.server.http.client import Client, Order
from tests.server.http.rows_applicants import order_of_draft
from tests.server.http.stage import Stage

# Names of people: 䶮 and 㛃 of Extension A, 𠮷 and 𬎆 beyond the first plane, 〇's neighbour, a minority's dot.
NAMES = ["李䶮", "王㛃", "𠮷田", "陈𬎆", "阿卜杜拉·买买提", "𠮷" * 50]


@pytest.mark.parametrize("name", NAMES)
async def test_a_rare_name_is_kept_listed_and_found(name: str, engine_client: Client, engine_stage: Stage) -> None:
    client, firm = engine_client, await engine_stage.actor(Who.FIRM)
    order = await order_of_draft(engine_stage, firm, firm)
    order.body["form"]["name"] = name

    made = await client.send("POST /api/v1/applications", order, firm.token)
    path = {"id": made.body["id"]}
    read = await client.send("GET /api/v1/applications/<id>", Order(path=path), firm.token)
    listed = await client.send("GET /api/v1/applications", Order(query={"q": name}), firm.token)

    assert (made.status, read.body["form"]["name"], read.body["name"]) == (201, name, name)
    assert [row["name"] for row in listed.body["items"]] == [name]


async def test_names_that_differ_only_beyond_the_first_plane_are_told_apart(
    engine_client: Client, engine_stage: Stage
) -> None:
    """MariaDB's older collations hold all of them for one letter."""
    firm = await engine_stage.actor(Who.FIRM)
    for name in ("陈𬎆", "陈𠮷"):
        await add_cpa(firm.account.firm_id, name, "110001", an_id_number())

    found = await engine_client.send("GET /api/v1/roster", Order(query={"q": "陈𬎆"}), firm.token)

    assert [cpa["name"] for cpa in found.body["items"]] == ["陈𬎆"]


@pytest.mark.parametrize("name", ["赵䶮", "𠮷😀", 'O\'Brien "x" \\ % _', "李" * 50])
async def test_a_contact_is_kept_as_it_was_written(name: str, engine_client: Client, engine_stage: Stage) -> None:
    firm = await engine_stage.actor(Who.FIRM)
    order = Order(body={"contact_name": name}, headers={"If-Match": str(await firm.version())})

    changed = await engine_client.send("PATCH /api/v1/me", order, firm.token)
    read = await engine_client.send("GET /api/v1/me", token=firm.token)

    assert (changed.status, read.body["contact_name"]) == (200, name)


async def test_a_verdict_of_the_longest_words_reaches_the_applicant_whole(
    engine_client: Client, engine_stage: Stage
) -> None:
    """Every material and every field with a reason as long as allowed would be too long: that is said, and at most so
    much as is allowed is kept to the letter."""
    client, stage = engine_client, engine_stage
    firm, reviewer = await stage.actor(Who.FIRM), await stage.actor(Who.REVIEWER)
    path = {"id": (await stage.submitted(firm)).id}
    reason = "缺页😀" * 75
    opinions = [{"key": key, "verdict": "returned", "reason": reason} for key in ("reissue_application", "loss_notice")]
    body = {"decision": "return", "materials": opinions, "remark": "𠮷" * 300}

    judged = await client.send("POST /console/v1/applications/<id>/verdict", Order(path, body), reviewer.token)
    read = await client.send("GET /api/v1/applications/<id>", Order(path), firm.token)
    messages = await client.send("GET /api/v1/messages", token=firm.token)

    assert judged.said == "200"
    assert [m["reason"] for m in read.body["materials"]] == [reason, reason]
    remark = read.body["timeline"][0]["remark"]
    assert (remark.count(reason), remark.endswith("𠮷" * 300)) == (2, True)
    assert remark in messages.body["items"][0]["text"]


@pytest.mark.parametrize("keys", [("Ab1", "aB1"), ("café", "cafe"), ("键𠮷", "键𬎆")])
async def test_keys_that_differ_at_all_are_two_keys(
    keys: tuple[str, str], engine_client: Client, engine_stage: Stage
) -> None:
    """A database that folds case or accents would take the second request for a repetition of the first."""
    client, firm = engine_client, await engine_stage.actor(Who.FIRM)
    booked = []
    for key in keys:
        application, slot = await engine_stage.approved(firm), await engine_stage.free_slot()
        body = {"application_ids": [str(application.id)], "date": str(slot.on), "start": slot.start}
        answer = await client.send(
            "POST /api/v1/appointments", Order(body=body, headers={"Idempotency-Key": key}), firm.token
        )
        booked.append(answer.said)

    assert booked == ["201", "201"]


async def test_reasons_and_desks_at_their_longest_are_kept(engine_client: Client, engine_stage: Stage) -> None:
    admin = await engine_stage.actor(Who.ADMIN)
    desk, reason = f"desk-{'9' * 27}", "𠮷" * 100
    body = {"closed": True, "reason": reason, "desk": desk}

    closed = await engine_client.send("PUT /console/v1/calendar/<on>", Order({"on": "2027-03-02"}, body), admin.token)

    assert (closed.said, closed.body["reason"], closed.body["desk"]) == ("200", reason, desk)
