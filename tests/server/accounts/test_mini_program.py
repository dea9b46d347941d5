"""The mini program: a bound phone logs in by itself, an unbound one asks for account and password."""

from collections.abc import Awaitable, Callable

import pytest

from models.accounts import WechatApp, WechatBinding
from models.messages import Message
from server import clock
from server.accounts import mini_program
from server.accounts.bindings import list_bindings, unbind
from server.accounts.caller import Caller
from server.accounts.disable import disable
from server.accounts.guessing import TRIES, TooManyTries
from server.accounts.login import BadCredentials, LoggedIn
from server.accounts.mini_program import (
    BindingLogin,
    BindRequired,
    WechatLoginClosed,
    bind_this_phone,
    log_in_and_bind,
    log_in_by_wechat,
)
from server.accounts.moving import AlreadyBound, BoundElsewhere
from server.accounts.revoke import log_out, revoke_all
from server.accounts.tickets import TicketGone, TicketSessionEnded, TicketUsed
from server.accounts.wechat_identity import CodeRefused
from server.audit.trail import SYSTEM
from tests.fakes_accounts import INITIAL, PASSWORD, Party, SlowExchange, World, caller

Later = Callable[..., None]


async def _unbind_lost_phone(world: World, who: Caller) -> None:
    binding = await WechatBinding.create(
        created_at=clock.now(), app=WechatApp.MINI_PROGRAM, openid=f"m-lost-{who.number}", account_id=who.account_id
    )
    await unbind(who, binding.id, views=world.views)


ENDS: dict[str, Callable[[World, Caller], Awaitable[object]]] = {
    "logging out": lambda world, who: log_out(who, world.views),
    "a reset": lambda world, who: revoke_all(who.account_id, world.views),
    "unbinding": _unbind_lost_phone,
    "disabling": lambda world, who: disable(who.account_id, SYSTEM, "停业", views=world.views),
}


async def knock(world: World, openid: str, unionid: str | None = None) -> LoggedIn | BindRequired:
    return await log_in_by_wechat(world.exchange.code_of(openid, unionid), world.exchange)


async def ticket_of(world: World, openid: str) -> str:
    answer = await knock(world, openid)
    assert isinstance(answer, BindRequired)
    return answer.ticket


async def bind(world: World, ticket: str, party: Party, password: str = PASSWORD) -> LoggedIn:
    wanted = BindingLogin(ticket, party.number, password)
    return await log_in_and_bind(wanted, address=party.address, limiter=world.limiter, views=world.views)


async def test_unbound_phone_binds_by_password_and_then_logs_in_by_itself(world: World) -> None:
    firm = await world.firm()

    bound = await bind(world, await ticket_of(world, "m-first"), firm)
    again = await knock(world, "m-first")

    assert isinstance(again, LoggedIn)
    assert [s.session.client for s in (bound, again)] == ["mini_program"] * 2
    assert again.account.id == firm.id
    [binding] = await list_bindings(firm.id)
    assert binding.last_used_at is not None
    assert [m.event for m in await Message.filter(account_id=firm.id)] == ["wechat_bound"]


async def test_wrong_password_leaves_the_ticket_good(world: World) -> None:
    firm = await world.firm()
    ticket = await ticket_of(world, "m-typo")

    with pytest.raises(BadCredentials):
        await bind(world, ticket, firm, "wrong-pass-9")

    assert (await bind(world, ticket, firm)).account.id == firm.id


async def test_ticket_binds_once_and_for_five_minutes(world: World, later: Later) -> None:
    firm = await world.firm()
    used, late = await ticket_of(world, "m-once"), await ticket_of(world, "m-late")
    await bind(world, used, firm)

    with pytest.raises(TicketUsed):
        await bind(world, used, firm)
    later(minutes=6)
    with pytest.raises(TicketGone):
        await bind(world, late, firm)
    with pytest.raises(TicketGone):
        await bind(world, "nonsense", firm)


async def test_initial_password_binds_nothing(world: World) -> None:
    firm = await world.firm(complete=False)

    logged_in = await bind(world, await ticket_of(world, "m-initial"), firm, INITIAL)

    assert logged_in.session.only_complete_profile
    assert await list_bindings(firm.id) == []


async def test_unionid_joins_a_service_account_binding(world: World) -> None:
    firm = await world.firm()
    await WechatBinding.create(
        created_at=clock.now(),
        app=WechatApp.OFFICIAL_ACCOUNT,
        openid="o-joined",
        unionid="u-joined",
        account_id=firm.id,
    )

    joined, apart = await knock(world, "m-joined", "u-joined"), await knock(world, "m-apart")

    assert isinstance(joined, LoggedIn)
    assert joined.account.id == firm.id
    assert isinstance(apart, BindRequired)


async def test_a_service_account_openid_is_no_mini_program_openid(world: World) -> None:
    firm = await world.firm()
    await WechatBinding.create(
        created_at=clock.now(), app=WechatApp.OFFICIAL_ACCOUNT, openid="same-id", account_id=firm.id
    )

    assert isinstance(await knock(world, "same-id"), BindRequired)


async def test_code_is_good_once(world: World) -> None:
    code = world.exchange.code_of("m-code")
    await log_in_by_wechat(code, world.exchange)

    with pytest.raises(CodeRefused):
        await log_in_by_wechat(code, world.exchange)


async def test_bound_owner_gets_in_while_his_account_is_locked(world: World) -> None:
    firm = await world.firm()
    await bind(world, await ticket_of(world, "m-locked"), firm)
    for n in range(TRIES + 1):
        firm.address = f"203.0.113.{n}"
        with pytest.raises((BadCredentials, TooManyTries)):
            await firm.log_in(f"wrong-pass-{n}")

    with pytest.raises(TooManyTries):
        await firm.log_in()
    assert isinstance(await knock(world, "m-locked"), LoggedIn)


async def test_disabled_account_stays_out(world: World) -> None:
    firm = await world.firm()
    await bind(world, await ticket_of(world, "m-closed"), firm)
    await disable(firm.id, SYSTEM, "停业", views=world.views)

    with pytest.raises(WechatLoginClosed):
        await knock(world, "m-closed")


async def test_a_phone_bound_to_a_disabled_account_moves_to_another(world: World) -> None:
    gone, firm = await world.firm(), await world.firm()
    await bind(world, await ticket_of(world, "m-left-behind"), gone)
    await disable(gone.id, SYSTEM, "停业", views=world.views)
    who, code = await caller(firm), world.exchange.code_of("m-left-behind")

    await bind_this_phone(who, code, world.exchange, limiter=world.limiter, views=world.views, move=True)

    again = await knock(world, "m-left-behind")
    assert isinstance(again, LoggedIn)
    assert again.account.id == firm.id


async def test_phone_bound_meanwhile_is_refused(world: World) -> None:
    first, second = await world.firm(), await world.firm()
    tickets = [await ticket_of(world, "m-race") for _ in range(2)]
    await bind(world, tickets[0], first)

    with pytest.raises(BoundElsewhere):
        await bind(world, tickets[1], second)

    assert await list_bindings(second.id) == []


async def test_binding_from_inside_the_mini_program(world: World) -> None:
    firm, stranger = await caller(await world.firm()), await caller(await world.firm())

    binding = await bind_this_phone(
        firm, world.exchange.code_of("m-inside"), world.exchange, limiter=world.limiter, views=world.views
    )

    assert (binding.app, binding.account_id) == (WechatApp.MINI_PROGRAM, firm.account_id)
    with pytest.raises(AlreadyBound):
        await bind_this_phone(
            firm, world.exchange.code_of("m-inside"), world.exchange, limiter=world.limiter, views=world.views
        )
    with pytest.raises(BoundElsewhere):
        await bind_this_phone(
            stranger, world.exchange.code_of("m-inside"), world.exchange, limiter=world.limiter, views=world.views
        )


@pytest.mark.parametrize("how", ENDS)
async def test_a_phone_whose_login_ends_while_wechat_is_asked_binds_nothing(world: World, how: str) -> None:
    who = await caller(await world.firm(), client="mini_program")
    slow = SlowExchange(world.exchange, lambda: ENDS[how](world, who))

    with pytest.raises(TicketSessionEnded):
        await bind_this_phone(
            who, world.exchange.code_of("m-thrown-out"), slow, limiter=world.limiter, views=world.views
        )

    assert await list_bindings(who.account_id) == []


async def test_a_browser_binds_on_when_the_phones_are_thrown_out(world: World) -> None:
    """Its login was not ended, though the account's epoch was raised."""
    who = await caller(await world.firm())
    slow = SlowExchange(world.exchange, lambda: _unbind_lost_phone(world, who))

    await bind_this_phone(who, world.exchange.code_of("m-stays"), slow, limiter=world.limiter, views=world.views)

    assert [row.openid for row in await list_bindings(who.account_id)] == ["m-stays"]


@pytest.mark.parametrize("how", ["a reset", "disabling"])
async def test_a_password_that_was_right_a_moment_ago_binds_nothing(
    world: World, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = await world.firm()
    ticket, who = await ticket_of(world, "m-too-late"), await caller(firm)
    log_in = mini_program.login

    async def log_in_and_lose(*args: str, **options: object) -> LoggedIn:
        logged_in = await log_in(*args, **options)  # type: ignore[arg-type]
        await ENDS[how](world, who)
        return logged_in

    monkeypatch.setattr(mini_program, "login", log_in_and_lose)

    with pytest.raises(TicketSessionEnded):
        await bind(world, ticket, firm)

    assert await list_bindings(firm.id) == []


async def test_one_account_asks_wechat_about_ten_phones_in_a_while(world: World) -> None:
    who = await caller(await world.firm())

    async def give(code: str) -> None:
        await bind_this_phone(who, code, world.exchange, limiter=world.limiter, views=world.views)

    for n in range(TRIES):
        with pytest.raises(CodeRefused):
            await give(f"nonsense-{n}")

    with pytest.raises(TooManyTries):
        await give(world.exchange.code_of("m-eleventh"))
