"""What a new password must be, and that hashing keeps to its bounds."""

import asyncio

import pytest

from server import crypto
from server.accounts import passwords
from server.accounts.passwords import UnfitPassword, check_form, check_new, hash_password, verify
from server.errors import Unavailable
from tests.fakes_accounts import INITIAL, PASSWORD, World


@pytest.mark.parametrize("good", ["abcdefg1", "12345678!", "Pass-word", "密码abc123", "a1" * 16])
def test_two_kinds_of_eight_to_thirtytwo_will_do(good: str) -> None:
    check_form(good, "201")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("abc123!", "密码长度应为8至32位"),
        ("a1" * 16 + "x", "密码长度应为8至32位"),
        ("abcdefgh", "密码须包含字母、数字、符号中的至少两种"),
        ("12345678", "密码须包含字母、数字、符号中的至少两种"),
        ("abc 1234", "密码不能包含空格"),
        ("abc\u00001234", "密码不能包含空格"),
        ("BJ110001x", "密码不能与账号相同"),
    ],
)
def test_every_fault_is_named_with_its_field(bad: str, says: str) -> None:
    with pytest.raises(UnfitPassword) as refusal:
        check_form(bad, "bj110001X")

    assert (refusal.value.message, refusal.value.field, refusal.value.status) == (says, "new_password", 422)


async def test_neither_the_old_nor_the_initial_password_is_new(world: World) -> None:
    firm = await world.firm()

    for used, says in ((PASSWORD, "新密码不能与原密码相同"), (INITIAL, "新密码不能与初始密码相同")):
        with pytest.raises(UnfitPassword, match=says):
            await check_new(firm.account, used)


async def test_argon2id_with_at_least_nineteen_mebibytes(world: World) -> None:
    stored = await hash_password(PASSWORD)

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await verify(PASSWORD, stored)
    assert not await verify(PASSWORD + "x", stored)


async def test_a_hash_is_worthless_without_the_pepper(world: World) -> None:
    stored = await hash_password(PASSWORD)
    ring = crypto.keyring()

    crypto.use(crypto.Keyring(ring.keys, ring.current, ring.index_key, b"x" * 32))
    other = await verify(PASSWORD, stored)
    crypto.use(ring)

    assert not other


async def test_nobodys_hash_and_a_broken_one_match_nothing(world: World) -> None:
    assert not await verify("", None)
    assert not await verify(PASSWORD, "no hash")


async def test_a_flood_is_sent_away_and_the_rest_are_served(world: World) -> None:
    stored = await hash_password(PASSWORD)

    outcomes = await asyncio.gather(*(verify(PASSWORD, stored) for _ in range(80)), return_exceptions=True)

    assert [o for o in outcomes if o is not True and not isinstance(o, Unavailable)] == []
    assert sum(o is True for o in outcomes) == passwords._MOST_WAITING
    assert await verify(PASSWORD, stored)
