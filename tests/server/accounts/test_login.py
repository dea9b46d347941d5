"""登录: who gets in, who does not, and that a refusal tells nothing."""

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from models.accounts import Account, LoginSession, Realm
from server import clock, crypto
from server.accounts import passwords
from server.accounts.guessing import TRIES, TooManyTries
from server.accounts.login import BadCredentials, login
from server.accounts.sessions import authenticate
from tests.fakes_accounts import INITIAL, PASSWORD, CountingHasher, Party, World

Later = Callable[..., None]


async def refused(party: Party, password: str = "wrong-pass-9") -> type[Exception]:
    return type(await refusal_of(party, password))


async def refusal_of(party: Party, password: str) -> BadCredentials | TooManyTries:
    with pytest.raises((BadCredentials, TooManyTries)) as refusal:
        await party.log_in(password)
    return refusal.value


async def test_right_password_opens_a_session(world: World) -> None:
    firm = await world.firm()

    logged_in = await firm.log_in()

    caller = await authenticate(logged_in.token, world.views)
    assert (caller.account_id, caller.number, caller.must_complete_profile) == (firm.id, firm.number, False)


async def test_token_is_stored_hashed_and_new_at_every_login(world: World) -> None:
    firm = await world.firm()

    first, second = await firm.log_in(), await firm.log_in()

    stored = await LoginSession.filter(account_id=firm.id).values_list("token_hash", flat=True)
    assert first.token != second.token
    assert sorted(stored) == sorted(crypto.hash_secret(t.token) for t in (first, second))
    assert len(first.token.partition(".")[2]) * 6 >= 192


async def test_refusals_are_alike_for_unknown_wrong_and_disabled(world: World) -> None:
    firm, gone = await world.firm(), await world.firm()
    await Account.filter(id=gone.id).update(disabled_at=clock.now())
    said = set()

    for number, password in ((firm.number, "wrong-pass-9"), ("no-such-firm", PASSWORD), (gone.number, PASSWORD)):
        with pytest.raises(BadCredentials) as refusal:
            await login(number, password, address="192.0.2.9", limiter=world.limiter)
        said.add((refusal.value.status, refusal.value.code, refusal.value.message, refusal.value.hint))

    assert said == {(401, "bad_credentials", "账号或密码错误", None)}


async def test_every_refusal_costs_one_hash(world: World, hasher: CountingHasher) -> None:
    firm, unfinished = await world.firm(), await world.firm(complete=False)
    costs = []

    for number in (firm.number, unfinished.number, "no-such-firm"):
        hasher.verified = 0
        with pytest.raises(BadCredentials):
            await login(number, "wrong-pass-9", address="192.0.2.9", limiter=world.limiter)
        costs.append(hasher.verified)

    assert costs == [1, 1, 1]


async def test_initial_password_opens_only_the_completion(world: World) -> None:
    firm = await world.firm(complete=False)

    logged_in = await firm.log_in(INITIAL)

    caller = await authenticate(logged_in.token, world.views)
    assert caller.must_complete_profile


async def test_initial_password_never_logs_in_after_completion(world: World) -> None:
    firm = await world.firm()

    assert await refused(firm, INITIAL) is BadCredentials


async def test_a_number_means_somebody_else_in_each_realm(world: World) -> None:
    reviewer = await world.staff("reviewer")

    with pytest.raises(BadCredentials):
        await login(reviewer.number, PASSWORD, address="192.0.2.9", limiter=world.limiter, realm=Realm.APPLICANT)

    assert (await reviewer.log_in()).account.id == reviewer.id


async def test_ten_wrong_tries_lock_the_account_for_a_while(world: World, later: Later) -> None:
    firm = await world.firm()
    outcomes = []
    for n in range(12):
        firm.address = f"203.0.113.{n}"
        outcomes.append(await refused(firm, f"wrong-pass-{n}"))

    assert outcomes == [BadCredentials] * TRIES + [TooManyTries] * 2
    assert await refused(firm, PASSWORD) is TooManyTries

    later(minutes=16)
    assert (await firm.log_in()).account.id == firm.id


async def test_unknown_accounts_lock_like_known_ones(world: World) -> None:
    outcomes = []
    for n in range(TRIES + 1):
        with pytest.raises((BadCredentials, TooManyTries)) as refusal:
            await login("nobody", f"wrong-{n}-pass", address=f"203.0.113.{n}", limiter=world.limiter)
        outcomes.append(refusal.type)

    assert outcomes == [BadCredentials] * TRIES + [TooManyTries]


async def test_right_passwords_of_a_disabled_account_count_as_failures(world: World) -> None:
    gone = await world.firm()
    await Account.filter(id=gone.id).update(disabled_at=clock.now())

    outcomes = [await refused(gone, PASSWORD) for _ in range(TRIES + 1)]

    assert outcomes == [BadCredentials] * TRIES + [TooManyTries]


async def test_one_address_fails_ten_times_over_many_accounts(world: World) -> None:
    outcomes = []
    for n in range(TRIES + 2):
        with pytest.raises((BadCredentials, TooManyTries)) as refusal:
            await login(f"account-{n}", f"wrong-{n}-pass", address="203.0.113.50", limiter=world.limiter)
        outcomes.append(refusal.type)

    assert outcomes == [BadCredentials] * TRIES + [TooManyTries] * 2


async def test_own_success_does_not_wipe_out_guesses_from_the_address(world: World) -> None:
    guesser = await world.firm()
    outcomes = []
    for n in range(TRIES + 2):
        with pytest.raises((BadCredentials, TooManyTries)) as refusal:
            await login(f"victim-{n}", f"wrong-{n}-pass", address=guesser.address, limiter=world.limiter)
        outcomes.append(refusal.type)
        if n < TRIES - 1:
            await guesser.log_in()

    assert outcomes == [BadCredentials] * TRIES + [TooManyTries] * 2


async def test_one_password_fails_ten_times_over_accounts_and_addresses(world: World) -> None:
    outcomes = []
    for n in range(TRIES + 2):
        with pytest.raises((BadCredentials, TooManyTries)) as refusal:
            await login(f"sprayed-{n}", "Spring-2026", address=f"203.0.113.{n}", limiter=world.limiter)
        outcomes.append(refusal.type)

    assert outcomes == [BadCredentials] * TRIES + [TooManyTries] * 2


async def test_an_office_logs_in_all_at_once_from_one_address(world: World) -> None:
    firm = await world.firm()

    tokens = {(await firm.log_in()).token for _ in range(TRIES * 2)}

    assert len(tokens) == TRIES * 2


async def test_an_ipv6_client_is_counted_by_its_network(world: World) -> None:
    outcomes = []
    for n in range(TRIES + 1):
        with pytest.raises((BadCredentials, TooManyTries)) as refusal:
            await login(f"six-{n}", f"wrong-{n}-pass", address=f"2001:db8:1:2::{n + 1}", limiter=world.limiter)
        outcomes.append(refusal.type)

    assert outcomes[-1] is TooManyTries


async def test_ipv4_clients_of_one_dual_stack_proxy_are_counted_apart(world: World) -> None:
    for n in range(TRIES + 1):
        with pytest.raises(BadCredentials):
            await login(f"mapped-{n}", f"wrong-{n}-pass", address=f"::ffff:203.0.113.{n}", limiter=world.limiter)


async def test_who_is_locked_out_is_told_another_way_that_there_is_for_him(world: World) -> None:
    """Of the staff nobody has an initial password to reset by, or a bound phone."""
    hints = []
    for party in (await world.firm(), await world.staff("reviewer")):
        said = [await refusal_of(party, f"wrong-pass-{n}") for n in range(TRIES + 1)]
        hints.append(said[-1].hint)

    assert hints == ["可以通过“找回密码”或已绑定的微信登录", "急需登录的，请联系系统管理员"]


async def test_no_number_or_password_stands_in_the_counters(world: World) -> None:
    firm = await world.firm()
    await refused(firm, "wrong-pass-9")

    counted = " ".join(world.limiter.events)

    assert firm.number not in counted
    assert "wrong-pass-9" not in counted


async def test_weak_hash_is_renewed_at_login(world: World, hasher: CountingHasher) -> None:
    firm = await world.firm()
    passwords.use(PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1))

    await firm.log_in()

    renewed = (await firm.stored()).password_hash
    assert renewed != firm.account.password_hash
    assert not passwords.needs_rehash(renewed or "")
    assert (await firm.log_in()).account.id == firm.id
