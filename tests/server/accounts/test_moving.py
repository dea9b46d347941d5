"""Moving a WeChat from one account to another: both are shown, the phone agrees, the former owner is told (D8)."""

import pytest

from models.accounts import TicketState, WechatApp, WechatBinding
from models.audit import AuditEntry
from models.messages import Channel, Delivery, Message
from server.accounts.binding import FromPhone, confirm, preview
from server.accounts.bindings import list_bindings, unbind
from server.accounts.choice import WrongNumber
from server.accounts.mini_program import BindingLogin, BindRequired, bind_this_phone, log_in_and_bind, log_in_by_wechat
from server.accounts.moving import AlreadyBound, BoundElsewhere, HolderChanged
from server.accounts.sessions import SessionExpired, authenticate
from tests.fakes_accounts import PASSWORD, Party, World, caller
from tests.fakes_binding import MINI, OFFICIAL, Page

KINDS = pytest.mark.parametrize("app", [OFFICIAL, MINI])


async def bound(world: World, openid: str, app: WechatApp, firm: Party | None = None) -> Page:
    page = await Page.open(world, firm, app)
    await page.bind(openid)
    return page


async def holders(openid: str) -> list[object]:
    return [row.account_id for row in await WechatBinding.filter(openid=openid)]


async def told(firm: Party) -> list[str]:
    events: list[str] = await Message.filter(account_id=firm.id).order_by("id").values_list("event", flat=True)
    return events


async def test_a_scanned_phone_sees_both_accounts(world: World) -> None:
    former, page = await bound(world, "o-both-shown", OFFICIAL), await Page.open(world)

    nonce = await page.scan("o-both-shown")
    shown = await preview(FromPhone(nonce=nonce), world.exchange)

    assert shown.bound_to is not None
    assert (shown.whose.name, shown.bound_to.name) == (page.firm.account.name, former.firm.account.name)
    assert former.firm.number not in shown.bound_to.number_masked
    assert shown.bound_to.number_masked[0] == former.firm.number[0]


async def test_a_mini_program_sees_both_accounts_when_it_says_who_it_is(world: World) -> None:
    former, page = await bound(world, "m-both-shown", MINI), await Page.open(world, app=MINI)
    code = world.exchange.code_of("m-both-shown")

    unknown = await preview(FromPhone(ticket=page.new.secret), world.exchange)
    shown = await preview(FromPhone(ticket=page.new.secret, code=code), world.exchange)

    assert unknown.bound_to is None
    assert shown.bound_to is not None
    assert shown.bound_to.name == former.firm.account.name


@KINDS
async def test_a_free_phone_leaves_nobody(world: World, app: WechatApp) -> None:
    page = await Page.open(world, app=app)
    phone = FromPhone(ticket=page.new.secret, code=world.exchange.code_of("free"))
    if app is OFFICIAL:
        phone = FromPhone(nonce=await page.scan("free"))

    assert (await preview(phone, world.exchange)).bound_to is None


@KINDS
async def test_without_agreement_nothing_moves_and_the_phone_may_agree_after_all(world: World, app: WechatApp) -> None:
    former, page = await bound(world, f"ask-{app}", app), await Page.open(world, app=app)

    with pytest.raises(BoundElsewhere) as refusal:
        await page.confirm_by(f"ask-{app}")
    kept = await holders(f"ask-{app}")
    ticket = await page.bind(f"ask-{app}", move=True)

    assert kept == [former.firm.id]
    assert "改绑" in (refusal.value.hint or "")
    assert refusal.value.details["bound_to"]["name"] == former.firm.account.name
    assert refusal.value.details["bound_to"]["number_masked"] == f"7****{former.firm.number[-1]}"
    assert ticket.state is TicketState.BOUND
    assert await holders(f"ask-{app}") == [page.firm.id]


@KINDS
async def test_agreeing_alone_moves_nothing(world: World, app: WechatApp) -> None:
    former, page = await bound(world, f"agreed-{app}", app), await Page.open(world, app=app)

    await page.confirm_by(f"agreed-{app}", move=True)

    assert (await page.ticket()).moves_from == former.firm.id
    assert await holders(f"agreed-{app}") == [former.firm.id]


async def test_agreeing_where_nothing_is_to_be_left_binds_as_ever(world: World) -> None:
    page = await Page.open(world)

    await page.bind("o-nothing-to-leave", move=True)

    assert (await page.ticket()).moves_from is None
    assert await told(page.firm) == ["wechat_bound"]


@KINDS
async def test_the_former_owner_is_told_by_what_he_has_left(world: World, app: WechatApp) -> None:
    former = await bound(world, f"told-{app}", app)
    other = await bound(world, f"left-{app}", OFFICIAL, former.firm)
    [kept] = [row.id for row in await list_bindings(former.firm.id) if row.openid == f"left-{app}"]

    await (await Page.open(world, app=app)).bind(f"told-{app}", move=True)

    assert (await told(former.firm))[-1] == "wechat_moved"
    rows = await Delivery.filter(account_id=other.firm.id, event="wechat_moved", channel=Channel.WECHAT)
    assert [row.recipient for row in rows] == [f"binding:{kept}"]


async def test_a_former_owner_left_without_wechat_is_told_by_sms(world: World) -> None:
    former = await bound(world, "o-last", OFFICIAL)

    await (await Page.open(world)).bind("o-last", move=True)

    rows = await Delivery.filter(account_id=former.firm.id, event="wechat_moved")
    assert [(row.channel, row.recipient) for row in rows] == [(Channel.SMS, f"account:{former.firm.id}")]


@KINDS
async def test_the_former_owners_mini_program_sessions_end_and_nobody_elses(world: World, app: WechatApp) -> None:
    former, page = await bound(world, f"ends-{app}", app), await Page.open(world, app=app)
    phone, browser = await former.firm.log_in(client="mini_program"), await former.firm.log_in()
    own = await page.firm.log_in(client="mini_program")
    for session in (phone, browser, own):
        await authenticate(session.token, world.views)

    await page.bind(f"ends-{app}", move=True)

    with pytest.raises(SessionExpired):
        await authenticate(phone.token, world.views)
    assert (await authenticate(browser.token, world.views)).account_id == former.firm.id
    assert (await authenticate(own.token, world.views)).account_id == page.firm.id


async def test_the_move_is_on_record(world: World) -> None:
    former, page = await bound(world, "o-audit", OFFICIAL), await Page.open(world)

    await page.bind("o-audit", move=True)

    entry = await AuditEntry.get(action="bind_wechat", actor_id=page.firm.id)
    assert entry.details == {"app": "official_account", "moved_from": str(former.firm.id)}


async def test_what_the_former_owner_had_unsent_does_not_follow_the_phone(world: World) -> None:
    former = await bound(world, "o-unsent", OFFICIAL)
    await bound(world, "o-second", OFFICIAL, former.firm)
    [unsent] = await Delivery.filter(account_id=former.firm.id, channel=Channel.WECHAT, event="wechat_bound")

    await (await Page.open(world)).bind("o-unsent", move=True)

    [moved] = await WechatBinding.filter(openid="o-unsent")
    assert unsent.recipient != f"binding:{moved.id}"


async def test_an_owner_who_unbound_meanwhile_stops_the_move(world: World) -> None:
    former, page = await bound(world, "o-meanwhile", OFFICIAL), await Page.open(world)
    number = await page.confirm_by("o-meanwhile", move=True)
    [binding] = await list_bindings(former.firm.id)
    await unbind(former.who, binding.id, views=world.views)

    with pytest.raises(HolderChanged):
        await page.choose(number)

    ticket = await page.ticket()
    assert (ticket.state, ticket.reason) == (TicketState.REFUSED, "holder_changed")
    assert await holders("o-meanwhile") == []
    assert await told(former.firm) == ["wechat_bound"]


async def test_a_phone_moved_to_a_third_account_meanwhile_stops_the_move(world: World) -> None:
    await bound(world, "o-third", OFFICIAL)
    page, third = await Page.open(world), await Page.open(world)
    number = await page.confirm_by("o-third", move=True)
    await third.bind("o-third", move=True)

    with pytest.raises(HolderChanged):
        await page.choose(number)

    assert await holders("o-third") == [third.firm.id]
    assert "wechat_moved" not in await told(third.firm)


async def test_a_phone_bound_meanwhile_that_was_free_is_not_taken_away(world: World) -> None:
    page, faster = await Page.open(world), await Page.open(world)
    number = await page.confirm_by("o-was-free", move=True)
    await faster.bind("o-was-free")

    with pytest.raises(BoundElsewhere):
        await page.choose(number)

    assert await holders("o-was-free") == [faster.firm.id]


async def test_a_wrong_number_moves_nothing(world: World) -> None:
    former, page = await bound(world, "o-wrong-move", OFFICIAL), await Page.open(world)
    await page.confirm_by("o-wrong-move", move=True)

    with pytest.raises(WrongNumber):
        await page.choose(await page.wrong_number())

    assert await holders("o-wrong-move") == [former.firm.id]


async def test_the_moved_phone_logs_in_to_its_new_account(world: World) -> None:
    await bound(world, "m-moved", MINI)
    page = await Page.open(world, app=MINI)

    await page.bind("m-moved", move=True)

    logged_in = await log_in_by_wechat(world.exchange.code_of("m-moved"), world.exchange)
    assert not isinstance(logged_in, BindRequired)
    assert logged_in.account.id == page.firm.id


async def test_from_inside_the_mini_program_a_phone_moves_when_its_owner_agrees(world: World) -> None:
    former, firm = await bound(world, "m-moved-inside", MINI), await world.firm()
    who = await caller(firm, client="mini_program")

    with pytest.raises(BoundElsewhere) as refusal:
        await bind_this_phone(
            who, world.exchange.code_of("m-moved-inside"), world.exchange, limiter=world.limiter, views=world.views
        )
    binding = await bind_this_phone(
        who,
        world.exchange.code_of("m-moved-inside"),
        world.exchange,
        limiter=world.limiter,
        views=world.views,
        move=True,
    )

    assert refusal.value.details["bound_to"]["name"] == former.firm.account.name
    assert binding.account_id == firm.id
    assert (await told(former.firm))[-1] == "wechat_moved"


async def test_at_login_a_phone_bound_meanwhile_moves_when_its_owner_agrees(world: World) -> None:
    answer = await log_in_by_wechat(world.exchange.code_of("m-at-login"), world.exchange)
    assert isinstance(answer, BindRequired)
    former, firm = await bound(world, "m-at-login", MINI), await world.firm()

    async def log_in(*, move: bool) -> object:
        wanted = BindingLogin(answer.ticket, firm.number, PASSWORD, move)
        return await log_in_and_bind(wanted, address=firm.address, limiter=world.limiter, views=world.views)

    with pytest.raises(BoundElsewhere):
        await log_in(move=False)
    kept = await holders("m-at-login")
    await log_in(move=True)

    assert kept == [former.firm.id]
    assert await holders("m-at-login") == [firm.id]


async def test_where_it_is_bound_already_there_is_nothing_to_move(world: World) -> None:
    page = await bound(world, "m-here", MINI)
    again = await Page.open(world, page.firm, MINI)
    phone = FromPhone(ticket=again.new.secret, code=world.exchange.code_of("m-here"), move=True)

    with pytest.raises(AlreadyBound):
        await confirm(phone, world.exchange)

    assert await holders("m-here") == [page.firm.id]
