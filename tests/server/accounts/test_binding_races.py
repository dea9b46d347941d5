"""Bindings that two want at once: the database decides, on either engine."""

import asyncio

import pytest

from models.accounts import LoginSession, WechatApp, WechatBinding
from models.messages import Message
from server.accounts.bindings import list_bindings, unbind
from server.accounts.mini_program import BindingLogin, BindRequired, bind_this_phone, log_in_and_bind, log_in_by_wechat
from server.accounts.revoke import revoke
from server.accounts.tickets import TicketSessionEnded
from server.errors import NotFound
from server.transactions import in_transaction
from tests.fakes_accounts import PASSWORD, SlowExchange, World, caller
from tests.fakes_binding import MINI, OFFICIAL, Page

KINDS = pytest.mark.parametrize("app", [OFFICIAL, MINI])


def names(outcomes: list[object]) -> list[str]:
    return sorted(type(outcome).__name__ for outcome in outcomes)


async def test_of_two_phones_confirming_one_code_at_once_one_is_shown_a_number(arena: World) -> None:
    page = await Page.open(arena, app=MINI)
    phones = [f"m-duel-{n}" for n in range(3)]

    outcomes = await asyncio.gather(*map(page.confirm_by, phones), return_exceptions=True)
    [(winner, number)] = [(p, o) for p, o in zip(phones, outcomes, strict=True) if isinstance(o, str)]
    await page.choose(number)

    assert names(outcomes) == ["TicketUsed", "TicketUsed", "str"]
    assert [row.openid for row in await list_bindings(page.firm.id)] == [winner]


@KINDS
async def test_of_two_accounts_that_want_one_openid_one_gets_it(arena: World, app: WechatApp) -> None:
    pages = [await Page.open(arena, app=app) for _ in range(3)]
    numbers = [await page.confirm_by(f"wanted-{app}") for page in pages]

    outcomes = await asyncio.gather(
        *(page.choose(number) for page, number in zip(pages, numbers, strict=True)), return_exceptions=True
    )

    assert names(outcomes) == ["BindingTicket", "BoundElsewhere", "BoundElsewhere"]
    assert await WechatBinding.filter(openid=f"wanted-{app}").count() == 1


@KINDS
async def test_of_two_accounts_that_move_one_openid_one_gets_it_and_the_owner_hears_once(
    arena: World, app: WechatApp
) -> None:
    former = await Page.open(arena, app=app)
    await former.bind(f"moving-{app}")
    pages = [await Page.open(arena, app=app) for _ in range(3)]
    numbers = [await page.confirm_by(f"moving-{app}", move=True) for page in pages]

    outcomes = await asyncio.gather(
        *(page.choose(number) for page, number in zip(pages, numbers, strict=True)), return_exceptions=True
    )

    assert names(outcomes) == ["BindingTicket", "HolderChanged", "HolderChanged"]
    [binding] = await WechatBinding.filter(openid=f"moving-{app}")
    [winner] = [p for p, o in zip(pages, outcomes, strict=True) if not isinstance(o, Exception)]
    assert binding.account_id == winner.firm.id
    assert await Message.filter(account_id=former.firm.id, event="wechat_moved").count() == 1


@KINDS
async def test_a_move_against_an_unbinding_is_wholly_before_or_wholly_after(arena: World, app: WechatApp) -> None:
    former, page = await Page.open(arena, app=app), await Page.open(arena, app=app)
    await former.bind(f"contested-{app}")
    [binding] = await list_bindings(former.firm.id)
    number = await page.confirm_by(f"contested-{app}", move=True)

    moved, unbound = await asyncio.gather(
        page.choose(number), unbind(former.who, binding.id, views=arena.views), return_exceptions=True
    )

    holders = [row.account_id for row in await WechatBinding.filter(openid=f"contested-{app}")]
    told = await Message.filter(account_id=former.firm.id, event="wechat_moved").count()
    if isinstance(unbound, NotFound):
        assert (type(moved).__name__, holders, told) == ("BindingTicket", [page.firm.id], 1)
    else:
        assert (type(moved).__name__, holders, told) == ("HolderChanged", [], 0)


async def test_two_phones_that_change_places_both_move(arena: World) -> None:
    """Each ends the other's sessions: whoever waits for whom, both get through."""
    one, other = await Page.open(arena), await Page.open(arena)
    await one.bind("o-here")
    await other.bind("o-there")
    again = [await Page.open(arena, page.firm) for page in (one, other)]
    numbers = [await again[0].confirm_by("o-there", move=True), await again[1].confirm_by("o-here", move=True)]

    await asyncio.gather(*(page.choose(number) for page, number in zip(again, numbers, strict=True)))

    assert [row.openid for row in await list_bindings(one.firm.id)] == ["o-there"]
    assert [row.openid for row in await list_bindings(other.firm.id)] == ["o-here"]


async def test_a_phone_logging_in_by_two_accounts_at_once_is_bound_to_one(arena: World) -> None:
    firms = [await arena.firm() for _ in range(2)]
    answers = [await log_in_by_wechat(arena.exchange.code_of("m-two-logins"), arena.exchange) for _ in firms]
    tickets = [answer.ticket for answer in answers if isinstance(answer, BindRequired)]

    outcomes = await asyncio.gather(
        *(
            log_in_and_bind(
                BindingLogin(ticket, firm.number, PASSWORD),
                address=firm.address,
                limiter=arena.limiter,
                views=arena.views,
            )
            for ticket, firm in zip(tickets, firms, strict=True)
        ),
        return_exceptions=True,
    )

    assert names(outcomes) == ["BoundElsewhere", "LoggedIn"]
    assert await WechatBinding.filter(openid="m-two-logins").count() == 1


async def test_a_phone_bound_twice_at_once_from_inside_is_bound_once(arena: World) -> None:
    who = await caller(await arena.firm(), client="mini_program")
    codes = [arena.exchange.code_of("m-double-tap") for _ in range(3)]

    outcomes = await asyncio.gather(
        *(bind_this_phone(who, code, arena.exchange, limiter=arena.limiter, views=arena.views) for code in codes),
        return_exceptions=True,
    )

    assert "WechatBinding" in names(outcomes)
    assert await WechatBinding.filter(openid="m-double-tap", account_id=who.account_id).count() == 1


async def test_a_phone_bound_while_its_login_is_being_ended_waits_and_is_refused(arena: World) -> None:
    """The end is written and not yet committed: whoever only read would find the login live."""
    who, asked, being_ended = await caller(await arena.firm()), asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        asked.set()
        await being_ended.wait()

    slow, code = SlowExchange(arena.exchange, wait), arena.exchange.code_of("m-too-late")
    binding = asyncio.create_task(bind_this_phone(who, code, slow, limiter=arena.limiter, views=arena.views))
    await asked.wait()
    async with in_transaction():
        await revoke(who.account_id)
        being_ended.set()
        await asyncio.wait({binding}, timeout=0.5)  # it can only wait; who does not is done by then

    with pytest.raises(TicketSessionEnded):
        await binding
    assert await list_bindings(who.account_id) == []


async def test_a_login_by_a_phone_that_is_moved_away_ends_with_the_move(arena: World) -> None:
    """The login found the binding, which was gone before the session began."""
    former, page = await Page.open(arena, app=MINI), await Page.open(arena, app=MINI)
    await former.bind("m-moved-away")
    number = await page.confirm_by("m-moved-away", move=True)
    codes = [arena.exchange.code_of("m-moved-away") for _ in range(8)]

    await asyncio.gather(page.choose(number), *(log_in_by_wechat(code, arena.exchange) for code in codes))

    live = LoginSession.filter(account_id=former.firm.id, client="mini_program", revoked_at__isnull=True)
    assert not await live.exists()


async def test_a_login_by_a_phone_that_is_unbound_ends_with_the_unbinding(arena: World) -> None:
    page = await Page.open(arena, app=MINI)
    await page.bind("m-unbound")
    [binding] = await list_bindings(page.firm.id)
    codes = [arena.exchange.code_of("m-unbound") for _ in range(8)]

    await asyncio.gather(
        *(log_in_by_wechat(code, arena.exchange) for code in codes), unbind(page.who, binding.id, views=arena.views)
    )

    live = LoginSession.filter(account_id=page.firm.id, client="mini_program", revoked_at__isnull=True)
    assert not await live.exists()
