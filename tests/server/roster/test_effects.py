"""What a finished business does to the register (decisions D14)."""

import pytest

from models.accounts import Account
from models.applications import Application
from models.base import new_id
from models.roster import Cpa, Firm
from server import clock
from server.roster.effects import apply_effect
from server.roster.register import add_cpa, add_firm, id_number_of, mobile_of
from server.roster.search import Scope, find_cpas
from tests.fakes_accounts import Party, World


async def firm_of(party: Party) -> Firm:
    firm = await add_firm(party.number, party.account.name)
    await Account.filter(id=party.id).update(firm_id=firm.id)
    return firm


def application_of(party: Party, subject: Cpa | None = None, cpa_no: str = "") -> Application:
    """As far as an effect looks at it; it is not stored."""
    return Application(
        id=new_id(), created_at=clock.now(), account_id=party.id, subject_id=subject and subject.id, cpa_no=cpa_no
    )


async def roster_of(firm: Firm) -> list[str]:
    page, _ = await find_cpas(Scope(firm.id, None), "", cursor=None, limit=50)
    return [cpa.name for cpa in page]


async def test_a_registered_cpa_joins_the_firm(world: World) -> None:
    party = await world.firm()
    firm = await firm_of(party)
    values = {"name": "张三", "cpa_no": "110100010001", "id_number": "110108197505151254", "mobile": "13800000001"}

    cpa = await apply_effect("add", application=application_of(party), values=values)

    assert cpa is not None
    assert (cpa.firm_id, cpa.cpa_no, id_number_of(cpa), mobile_of(cpa)) == (
        firm.id,
        "110100010001",
        "110108197505151254",
        "13800000001",
    )


async def test_a_deregistered_cpa_leaves(world: World) -> None:
    party = await world.firm()
    firm = await firm_of(party)
    stays, goes = await add_cpa(firm.id, "王明", "770001"), await add_cpa(firm.id, "张和", "770002")

    left = await apply_effect("remove", application=application_of(party, goes), values={"cpa_no": "770002"})

    assert left is not None
    assert (left.active, left.left_at is not None) == (False, True)
    assert await roster_of(firm) == [stays.name]


async def test_a_number_typed_by_hand_removes_nobody_elses_cpa(world: World) -> None:
    party, victim = await world.firm(), await firm_of(await world.firm())
    await firm_of(party)
    await add_cpa(victim.id, "陆军", "770003")

    result = await apply_effect("remove", application=application_of(party, cpa_no="770003"), values={})

    assert result is None
    assert await roster_of(victim) == ["陆军"]


async def test_typed_by_hand_his_own_cpa_is_found_by_number(world: World) -> None:
    party = await world.firm()
    firm = await firm_of(party)
    await add_cpa(firm.id, "陆军", "770004")

    await apply_effect("remove", application=application_of(party, cpa_no="770004"), values={})

    assert await roster_of(firm) == []


async def test_update_changes_what_is_given_and_raises_the_version(world: World) -> None:
    party = await world.firm()
    firm = await firm_of(party)
    cpa = await add_cpa(firm.id, "王明", "770005", "10000000000000000001", "13800000005")
    values = {"name": "王鸣", "cpa_no": "", "id_number": "110108197505151254"}

    changed = await apply_effect("update", application=application_of(party, cpa), values=values)

    assert changed is not None
    assert (changed.name, changed.cpa_no, id_number_of(changed), mobile_of(changed), changed.version) == (
        "王鸣",
        "770005",
        "110108197505151254",
        "13800000005",
        1,
    )
    found, _ = await find_cpas(Scope(firm.id, None), "110108197505151254", cursor=None, limit=5)
    assert [c.id for c in found] == [cpa.id]


async def test_a_transfer_moves_between_firms(world: World) -> None:
    to_party = await world.firm()
    old, new = await firm_of(await world.firm()), await firm_of(to_party)
    await add_cpa(old.id, "王五", "770006")
    values = {"name": "王五", "cpa_no": "770006", "mobile": "13800000006", "firm": new.name}

    await apply_effect("move", application=application_of(to_party), values=values)

    assert (await roster_of(old), await roster_of(new)) == ([], ["王五"])


async def test_a_transfer_into_custody(world: World) -> None:
    party = await world.firm()
    firm = await firm_of(party)
    cpa = await add_cpa(firm.id, "王五", "770007")

    moved = await apply_effect(
        "move", application=application_of(party, cpa), values={"name": "王五", "cpa_no": "770007", "firm": "协会代管"}
    )

    assert moved is not None
    assert (moved.firm_id, moved.active) == (None, True)


async def test_a_transfer_out_of_beijing_leaves_the_register(world: World) -> None:
    party = await world.firm()
    firm = await firm_of(party)
    cpa = await add_cpa(firm.id, "王五", "770008")

    moved = await apply_effect(
        "move", application=application_of(party, cpa), values={"cpa_no": "770008", "firm": "上海某某事务所"}
    )

    assert moved is not None
    assert not moved.active


async def test_a_transfer_from_elsewhere_adds(world: World) -> None:
    party = await world.firm()
    firm = await firm_of(party)
    values = {"name": "钱六", "cpa_no": "310000010001", "mobile": "13800000008", "firm": firm.name}

    await apply_effect("move", application=application_of(party), values=values)

    assert await roster_of(firm) == ["钱六"]


async def test_a_namesake_with_the_number_mistyped_is_not_moved(world: World) -> None:
    party = await world.firm()
    firm, old = await firm_of(party), await firm_of(await world.firm())
    await add_cpa(old.id, "王五", "770009")

    await apply_effect(
        "move", application=application_of(party), values={"name": "王武", "cpa_no": "770009", "firm": firm.name}
    )

    assert await roster_of(old) == ["王五"]


async def test_an_unknown_effect_is_a_fault(world: World) -> None:
    with pytest.raises(ValueError, match="vanish"):
        await apply_effect("vanish", application=application_of(await world.firm()), values={})
