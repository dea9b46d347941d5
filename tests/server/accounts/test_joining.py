"""One person in two apps: what unionid joins, and what unbinding one of them means for the other (decisions D6)."""

import asyncio
from collections.abc import Callable

from models.accounts import BindingTicket, WechatBinding, WechatParting
from server import clock
from server.accounts.bindings import learn_unionid, list_bindings, unbind
from server.accounts.login import LoggedIn
from server.accounts.mini_program import bind_this_phone, log_in_by_wechat
from tests.fakes_accounts import Party, World, caller
from tests.fakes_binding import MINI, OFFICIAL, Page

Later = Callable[..., None]


async def knock(world: World, openid: str, unionid: str | None = None) -> str | None:
    """The number of the account that the mini program is logged in to; None when it must bind first."""
    answer = await log_in_by_wechat(world.exchange.code_of(openid, unionid), world.exchange)
    return answer.account.number if isinstance(answer, LoggedIn) else None


async def follow(world: World, firm: Party, openid: str, unionid: str | None = None) -> None:
    await (await Page.open(world, firm, OFFICIAL)).bind(openid, unionid)


async def use(world: World, firm: Party, openid: str, unionid: str | None = None) -> None:
    await (await Page.open(world, firm, MINI)).bind(openid, unionid)


async def leave(world: World, firm: Party, openid: str) -> None:
    [binding] = [row for row in await list_bindings(firm.id) if row.openid == openid]
    await unbind(await caller(firm), binding.id, views=world.views)


async def test_a_unionid_learned_later_joins_the_two(world: World) -> None:
    firm = await world.firm()
    await follow(world, firm, "o-later")
    before = await knock(world, "m-later", "u-later")

    await learn_unionid(OFFICIAL, "o-later", "u-later")

    assert (before, await knock(world, "m-later", "u-later")) == (None, firm.number)


async def test_a_unionid_learned_between_scan_and_choice_is_kept(world: World) -> None:
    """The worker asks WeChat while the phone's owner is still reading."""
    page = await Page.open(world)
    nonce = await page.scan("o-between")

    await learn_unionid(OFFICIAL, "o-between", "u-between")
    number = await page.confirm(nonce)
    await learn_unionid(OFFICIAL, "o-between", "u-between")
    await page.choose(number)

    assert (await WechatBinding.get(openid="o-between")).unionid == "u-between"
    assert await knock(world, "m-between", "u-between") == page.firm.number


async def test_scanning_again_forgets_no_unionid(world: World) -> None:
    page = await Page.open(world)
    await page.scan("o-rescan")
    await learn_unionid(OFFICIAL, "o-rescan", "u-rescan")

    await page.scan("o-rescan")

    assert (await page.ticket()).unionid == "u-rescan"


async def test_an_old_ticket_learns_nothing(world: World, later: Later) -> None:
    page = await Page.open(world)
    await page.scan("o-old")
    later(minutes=6)

    await learn_unionid(OFFICIAL, "o-old", "u-old")

    assert (await BindingTicket.get(id=page.id)).unionid is None


async def test_a_unionid_of_one_app_says_nothing_of_an_openid_of_the_other(world: World) -> None:
    firm = await world.firm()
    await follow(world, firm, "same-openid")

    await learn_unionid(MINI, "same-openid", "u-same")

    assert (await WechatBinding.get(openid="same-openid")).unionid is None


async def test_the_mini_program_tells_its_unionid_at_every_login(world: World) -> None:
    firm = await world.firm()
    await use(world, firm, "m-tells")

    await knock(world, "m-tells", "u-tells")
    await knock(world, "m-tells")

    assert (await WechatBinding.get(openid="m-tells")).unionid == "u-tells"


async def test_last_use_is_the_login_by_whichever_binding_gave_it(world: World, later: Later) -> None:
    firm = await world.firm()
    await follow(world, firm, "o-use", "u-use")
    later(hours=1)
    asked = clock.now()

    await knock(world, "m-use", "u-use")

    followed, joined = await list_bindings(firm.id)
    assert (followed.app, joined.app, joined.joined_by) == (OFFICIAL, MINI, followed.id)
    assert followed.last_used_at is not None
    assert followed.last_used_at >= asked


async def test_the_mini_programs_own_binding_wins(world: World) -> None:
    followed, used = await world.firm(), await world.firm()
    await follow(world, followed, "o-apart", "u-apart")
    await use(world, used, "m-apart-too", "u-apart")

    assert await knock(world, "m-apart-too", "u-apart") == used.number
    assert [row.app for row in await list_bindings(followed.id)] == [OFFICIAL]
    assert [row.app for row in await list_bindings(used.id)] == [MINI]


async def test_the_list_shows_both_apps_of_one_person(world: World) -> None:
    firm = await world.firm()
    await follow(world, firm, "o-list", "u-list")
    await use(world, firm, "m-list", "u-list")

    assert [row.app for row in await list_bindings(firm.id)] == [OFFICIAL, MINI]


async def test_an_unbound_mini_program_is_not_logged_in_again_by_the_service_account(world: World) -> None:
    """Who unbinds a phone believes it unbound; messages to the service account go on until that is unbound too."""
    firm = await world.firm()
    await follow(world, firm, "o-stays", "u-stays")
    await use(world, firm, "m-goes", "u-stays")

    await leave(world, firm, "m-goes")

    assert await knock(world, "m-goes", "u-stays") is None
    assert [row.openid for row in await list_bindings(firm.id)] == ["o-stays"]


async def test_nor_when_the_unionid_is_learned_only_afterwards(world: World) -> None:
    firm = await world.firm()
    await follow(world, firm, "o-unknown")
    await use(world, firm, "m-unknown")
    await leave(world, firm, "m-unknown")

    await learn_unionid(OFFICIAL, "o-unknown", "u-unknown")

    assert await knock(world, "m-unknown", "u-unknown") is None


async def test_nor_to_another_account_that_the_service_account_is_bound_to(world: World) -> None:
    """He was in one account; unbound there, he must not find himself in another without having been asked."""
    followed, used = await world.firm(), await world.firm()
    await follow(world, followed, "o-other", "u-other")
    await use(world, used, "m-other", "u-other")

    await leave(world, used, "m-other")

    assert await knock(world, "m-other", "u-other") is None


async def test_whoever_is_let_in_by_his_service_account_is_bound_in_the_mini_program_once(world: World) -> None:
    """Without a binding of its own his phone would agree to messages that nobody could send it."""
    firm = await world.firm()
    await follow(world, firm, "o-lets", "u-lets")

    codes = [world.exchange.code_of("m-lets", "u-lets") for _ in range(2)]
    await asyncio.gather(*(log_in_by_wechat(code, world.exchange) for code in codes))

    assert [row.openid for row in await list_bindings(firm.id)] == ["o-lets", "m-lets"]


async def test_a_moved_service_account_takes_along_what_it_joined(world: World) -> None:
    firm, other = await world.firm(), await world.firm()
    await follow(world, firm, "o-moves", "u-moves")
    await knock(world, "m-moves", "u-moves")

    await (await Page.open(world, other, OFFICIAL)).bind("o-moves", "u-moves", move=True)

    assert await list_bindings(firm.id) == []
    assert await knock(world, "m-moves", "u-moves") == other.number


async def test_an_unbound_service_account_ends_the_login_it_gave(world: World) -> None:
    firm = await world.firm()
    await follow(world, firm, "o-gave", "u-gave")
    before = await knock(world, "m-gave", "u-gave")

    await leave(world, firm, "o-gave")

    assert (before, await knock(world, "m-gave", "u-gave")) == (firm.number, None)


async def test_an_unbound_service_account_leaves_the_mini_programs_own_binding(world: World) -> None:
    firm = await world.firm()
    await follow(world, firm, "o-first", "u-own")
    await use(world, firm, "m-own", "u-own")

    await leave(world, firm, "o-first")

    assert await knock(world, "m-own", "u-own") == firm.number
    assert [row.openid for row in await list_bindings(firm.id)] == ["m-own"]


async def test_bound_anew_the_mini_program_logs_in_and_its_parting_is_forgotten(world: World) -> None:
    followed, used = await world.firm(), await world.firm()
    await follow(world, followed, "o-anew", "u-anew")
    await use(world, used, "m-anew", "u-anew")
    parted = await WechatParting.all().count()
    await leave(world, used, "m-anew")

    code = world.exchange.code_of("m-anew", "u-anew")
    await bind_this_phone(await caller(followed), code, world.exchange, limiter=world.limiter, views=world.views)

    assert await knock(world, "m-anew", "u-anew") == followed.number
    assert await WechatParting.all().count() == parted


async def test_unbound_bound_and_unbound_again_it_stays_out(world: World) -> None:
    firm = await world.firm()
    await follow(world, firm, "o-twice", "u-twice")
    for _ in range(2):
        await use(world, firm, "m-twice", "u-twice")
        await leave(world, firm, "m-twice")

    assert await knock(world, "m-twice", "u-twice") is None


async def test_one_persons_parting_is_no_other_persons(world: World) -> None:
    """Openids differ in case."""
    firm = await world.firm()
    await follow(world, firm, "o-letter", "u-letter")
    await use(world, firm, "m-LETTER")
    await leave(world, firm, "m-LETTER")

    assert await knock(world, "m-letter", "u-letter") == firm.number


async def test_the_memory_of_a_parting_names_nobody(world: World) -> None:
    firm = await world.firm()
    await use(world, firm, "m-nameless")

    await leave(world, firm, "m-nameless")

    newest = await WechatParting.all().order_by("-id").first()
    assert newest is not None
    assert "m-nameless" not in newest.person
