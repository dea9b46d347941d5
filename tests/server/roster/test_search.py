"""选择办理人员: each sees his own part of the register, found by name, number or whole ID number."""

import itertools

import pytest

from models.base import new_id
from models.roster import Cpa, Firm
from server.errors import NotFound
from server.roster.register import add_cpa, add_firm, id_number_of, mobile_of
from server.roster.search import Scope, WrongCursor, find_cpas, get_cpa, suggest_firms
from tests.fakes_accounts import World

_numbers = itertools.count(9001)


async def new_firm(name: str = "") -> Firm:
    number = next(_numbers)
    return await add_firm(f"{number}", name or f"北京会计师事务所{number}")


async def names(scope: Scope, q: str = "") -> list[str]:
    page, _ = await find_cpas(scope, q, cursor=None, limit=50)
    return [cpa.name for cpa in page]


async def manual_roster() -> Scope:
    firm = await new_firm()
    for n, name in enumerate(("王明", "张和", "陆军", "张健"), start=1):
        await add_cpa(firm.id, name, f"11000{n}", f"1000000000000000000{n}")
    return Scope(firm.id, None)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("", ["王明", "张和", "陆军", "张健"]),
        ("张", ["张和", "张健"]),
        ("明", ["王明"]),
        ("110003", ["陆军"]),
        ("0004", ["张健"]),
        ("10000000000000000002", ["张和"]),
        (" 10000000000000000002 ", ["张和"]),
        ("1000000000000000000", []),
        ("%", []),
        ("_", []),
        ("赵", []),
    ],
)
async def test_found_by_name_number_or_whole_id_number(world: World, q: str, found: list[str]) -> None:
    assert await names(await manual_roster(), q) == found


async def test_letters_of_a_number_are_found_in_either_case(world: World) -> None:
    firm = await new_firm()
    await add_cpa(firm.id, "孙宁", "AB12345", "11010819491231002X")

    assert await names(Scope(firm.id, None), "ab123") == ["孙宁"]
    assert await names(Scope(firm.id, None), "11010819491231002x") == ["孙宁"]


async def test_a_stranger_sees_nothing_of_it(world: World) -> None:
    mine, other = await manual_roster(), await new_firm()
    [cpa, *_] = (await find_cpas(mine, "", cursor=None, limit=1))[0]

    assert await names(Scope(other.id, None), "10000000000000000002") == []
    with pytest.raises(NotFound):
        await get_cpa(Scope(other.id, None), cpa.id)


async def test_a_custody_cpa_sees_himself_alone(world: World) -> None:
    himself, another = await add_cpa(None, "孙宁", "880001"), await add_cpa(None, "孙安", "880002")

    assert await names(Scope(None, himself.id), "孙") == ["孙宁"]
    assert (await get_cpa(Scope(None, himself.id), himself.id)).name == "孙宁"
    with pytest.raises(NotFound):
        await get_cpa(Scope(None, himself.id), another.id)


async def test_staff_have_no_roster_here(world: World) -> None:
    await manual_roster()

    assert await names(Scope(None, None)) == []


async def test_who_left_is_not_offered(world: World) -> None:
    firm = await new_firm()
    cpa = await add_cpa(firm.id, "孙宁", "880003")
    await Cpa.filter(id=cpa.id).update(active=False)

    assert await names(Scope(firm.id, None)) == []


async def test_pages_meet_without_gap_or_overlap(world: World) -> None:
    firm = await new_firm()
    for n in range(7):
        await add_cpa(firm.id, f"注师{n}", f"99{n // 2:04}")  # pairs share a number
    seen: list[str] = []
    cursor = None

    for _ in range(4):
        page, cursor = await find_cpas(Scope(firm.id, None), "", cursor=cursor, limit=2)
        seen += [cpa.name for cpa in page]

    assert cursor is None
    assert sorted(seen) == [f"注师{n}" for n in range(7)]


@pytest.mark.parametrize("cursor", ["x", "%%%", "bm90IGEgdXVpZCAx", "中"])
async def test_a_made_up_cursor_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(WrongCursor):
        await find_cpas(Scope(new_id(), None), "", cursor=cursor, limit=2)


async def test_numbers_are_sealed_at_rest(world: World) -> None:
    firm = await new_firm()
    await add_cpa(firm.id, "孙宁", "880004", "110108198003070046", "13812345678")

    stored = await Cpa.get(cpa_no="880004")

    assert "110108198003070046" not in f"{stored.id_number}{stored.id_number_index}"
    assert "13812345678" not in f"{stored.mobile}"
    assert (id_number_of(stored), mobile_of(stored)) == ("110108198003070046", "13812345678")


async def test_firms_are_suggested_by_prefix_then_initials_then_infix(world: World) -> None:
    for name in ("中天恒信事务所", "华中天安事务所", "种田事务所"):
        await new_firm(name)

    assert await suggest_firms("中天") == ["中天恒信事务所", "华中天安事务所"]
    assert await suggest_firms("ZT") == ["中天恒信事务所", "种田事务所"]
    assert await suggest_firms("  ") == []
    assert await suggest_firms("%") == []


async def test_ten_suggestions_are_enough(world: World) -> None:
    for n in range(12):
        await new_firm(f"众多事务所{n:02}")

    found = await suggest_firms("众多")

    assert (len(found), len(set(found))) == (10, 10)
