"""The trail is written and never changed: no code of ours does, no route can, and whoever does it by hand is seen."""

import ast
from pathlib import Path

from models.audit import AuditEntry
from server.audit.chain import link_entries
from tests.server.http.cast import Who
from tests.server.http.client import Client, Order
from tests.server.http.matrix import ENDPOINTS
from tests.server.http.rows_console import reveal
from tests.server.http.stage import Stage
from tests.test_house import PRODUCT, modules, name_of

CHANGING = {"update", "delete", "save", "bulk_update", "update_or_create", "update_from_dict"}


def changes_entries(path: Path) -> bool:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    written = (ast.unparse(call) for call in calls if isinstance(call, ast.Attribute) and call.attr in CHANGING)
    return any("AuditEntry" in expression for expression in written)


def test_only_the_chainer_touches_an_entry_again() -> None:
    assert [name_of(path) for path in modules(*PRODUCT) if changes_entries(path)] == ["server/audit/chain.py"]


def test_no_route_changes_the_trail() -> None:
    assert {route.split(" ")[0] for route in ENDPOINTS if "/audit" in route} == {"GET"}


async def test_whoever_reads_a_number_in_full_is_on_record_with_his_reason(client: Client, stage: Stage) -> None:
    reviewer, admin = await stage.actor(Who.REVIEWER), await stage.actor(Who.ADMIN)
    order = await reveal(stage, await stage.actor(Who.FIRM), reviewer)

    read = await client.send("POST /console/v1/applications/<id>/reveal", order, reviewer.token)
    listed = await client.send("GET /console/v1/audit", Order(query={"object_id": str(order.path["id"])}), admin.token)

    entry = listed.body["items"][0]
    assert (entry["actor_name"], entry["reason"]) == (reviewer.account.name, "电话核对身份")
    assert read.body["value"] not in listed.raw.decode()


async def test_an_entry_changed_by_hand_is_seen_from_the_console(client: Client, stage: Stage) -> None:
    """And seen no more when it is put back: there is nothing else wrong with the trail."""
    await AuditEntry.all().delete()  # other tests leave trails that they tampered with
    admin, reviewer = await stage.actor(Who.ADMIN), await stage.actor(Who.REVIEWER)
    order = await reveal(stage, await stage.actor(Who.FIRM), reviewer)
    await client.send("POST /console/v1/applications/<id>/reveal", order, reviewer.token)
    while await link_entries():
        pass
    entry = await AuditEntry.filter(object_id=str(order.path["id"]), seq__isnull=False).order_by("-seq").first()
    assert entry is not None

    said = []
    for reason in (entry.reason, "没有理由", entry.reason):
        await AuditEntry.filter(id=entry.id).update(reason=reason)
        said.append((await client.send("GET /console/v1/audit/verify", token=admin.token)).body["broken_at"])

    assert said == [None, entry.seq, None]
