"""Hijacking a binding QR, of either kind: what each thief holds, and that it gets him nothing (reliability.md §3)."""

import asyncio
from collections.abc import Callable

import pytest

from models.accounts import TicketState, WechatApp
from models.messages import Message
from server.accounts.binding import FromPhone, ScannedByAnother, confirm, confirm_link, preview
from server.accounts.bindings import list_bindings, unbind
from server.accounts.choice import WrongNumber, choose
from server.accounts.mini_program import BindRequired, log_in_by_wechat
from server.accounts.revoke import log_out, revoke_all
from server.accounts.tickets import TicketGone, TicketSessionEnded, TicketUsed, own_ticket, state_of, watch
from server.accounts.wechat_identity import CodeRefused
from server.errors import NotFound, Refusal
from tests.fakes_accounts import Party, World, caller
from tests.fakes_binding import MINI, OFFICIAL, Page

Later = Callable[..., None]
KINDS = pytest.mark.parametrize("app", [OFFICIAL, MINI])


async def bound(firm: Party) -> list[str]:
    return [row.openid for row in await list_bindings(firm.id)]


@KINDS
async def test_another_browser_of_the_same_account_has_no_such_ticket(world: World, app: WechatApp) -> None:
    page = await Page.open(world, app=app)
    number = await page.confirm_by("browser")
    elsewhere = await caller(page.firm)

    for attempt in (own_ticket(elsewhere, page.id), choose(elsewhere, page.id, number, views=world.views)):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(NotFound):
        await anext(watch(elsewhere, page.id))

    assert await bound(page.firm) == []


@KINDS
async def test_the_right_number_of_another_account_has_no_such_ticket(world: World, app: WechatApp) -> None:
    page, thief = await Page.open(world, app=app), await caller(await world.firm())
    number = await page.confirm_by("stranger")

    with pytest.raises(NotFound):
        await choose(thief, page.id, number, views=world.views)

    assert (await page.ticket()).state is TicketState.CONFIRMED


@KINDS
async def test_a_replayed_confirmation_gives_no_second_number(world: World, app: WechatApp) -> None:
    page = await Page.open(world, app=app)
    await page.confirm_by("replay")
    shown = (await page.ticket()).number

    with pytest.raises(TicketUsed):
        await page.confirm_by("replay")

    assert (await page.ticket()).number == shown


async def test_a_replayed_nonce_is_used(world: World) -> None:
    page = await Page.open(world)
    nonce = await page.scan("o-nonce")
    await page.confirm(nonce)

    for attempt in (preview(FromPhone(nonce=nonce), world.exchange), page.confirm(nonce)):
        with pytest.raises(TicketUsed):
            await attempt


@KINDS
async def test_a_replayed_choice_binds_once(world: World, app: WechatApp) -> None:
    page = await Page.open(world, app=app)
    number = await page.confirm_by("chosen")
    await page.choose(number)

    with pytest.raises(TicketUsed):
        await page.choose(number)

    assert await bound(page.firm) == ["chosen"]


@KINDS
async def test_after_unbinding_nothing_of_the_old_try_binds_again(world: World, app: WechatApp) -> None:
    page = await Page.open(world, app=app)
    number = await page.confirm_by("once")
    await page.choose(number)
    [binding] = await list_bindings(page.firm.id)
    await unbind(page.who, binding.id, views=world.views)

    for attempt in (page.confirm_by("once"), page.choose(number)):
        with pytest.raises(TicketUsed):
            await attempt

    assert await bound(page.firm) == []


@KINDS
async def test_an_expired_qr_confirms_nothing(world: World, app: WechatApp, later: Later) -> None:
    page = await Page.open(world, app=app)
    later(minutes=5, seconds=1)

    with pytest.raises(TicketGone):
        await page.confirm_by("late")


@KINDS
async def test_an_expired_confirmation_is_not_chosen(world: World, app: WechatApp, later: Later) -> None:
    page = await Page.open(world, app=app)
    number = await page.confirm_by("too-late")
    later(minutes=5, seconds=1)

    with pytest.raises(TicketGone):
        await page.choose(number)

    assert await bound(page.firm) == []


@KINDS
async def test_after_the_maker_logged_out_the_qr_is_dead(world: World, app: WechatApp) -> None:
    page = await Page.open(world, app=app)
    await log_out(page.who, world.views)

    with pytest.raises(TicketSessionEnded):
        await page.confirm_by("left")


@KINDS
@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_session_that_ended_chooses_nothing_even_where_it_is_still_believed(
    world: World, app: WechatApp, everywhere: bool
) -> None:
    """Another process may believe in it for a minute (decision D1)."""
    page = await Page.open(world, app=app)
    number = await page.confirm_by("believed")
    await (revoke_all(page.firm.id, world.views) if everywhere else log_out(page.who, world.views))

    with pytest.raises(TicketSessionEnded):
        await page.choose(number)

    assert await bound(page.firm) == []


async def test_a_second_phone_scans_in_vain(world: World) -> None:
    page = await Page.open(world)
    await page.scan("o-first-phone")

    with pytest.raises(ScannedByAnother):
        await page.scan("o-second-phone")


async def test_a_second_phone_confirms_a_mini_program_code_in_vain(world: World) -> None:
    page = await Page.open(world, app=MINI)
    number = await page.confirm_by("m-first-phone")

    with pytest.raises(TicketUsed):
        await page.confirm_by("m-second-phone")

    await page.choose(number)
    assert await bound(page.firm) == ["m-first-phone"]


@KINDS
async def test_who_photographs_a_qr_sees_a_number_that_nobody_chooses(
    world: World, app: WechatApp, later: Later
) -> None:
    """His phone was faster; the owner's phone shows no number, so that the owner has none to choose."""
    page = await Page.open(world, app=app)
    await page.confirm_by("thief")

    with pytest.raises((ScannedByAnother, TicketUsed)):
        await page.confirm_by("owner")
    later(minutes=6)

    assert state_of(await page.ticket()) == "expired"
    assert await bound(page.firm) == []


@KINDS
async def test_an_owner_who_guesses_at_the_thiefs_number_has_one_try(world: World, app: WechatApp) -> None:
    page = await Page.open(world, app=app)
    number = await page.confirm_by("guessed")

    with pytest.raises(WrongNumber):
        await page.choose(await page.wrong_number())
    with pytest.raises(TicketUsed):
        await page.choose(number)

    assert await bound(page.firm) == []
    assert [m.event for m in await Message.filter(account_id=page.firm.id)] == ["wechat_refused"]


@KINDS
async def test_numbers_tried_all_at_once_are_one_try(arena: World, app: WechatApp) -> None:
    page = await Page.open(arena, app=app)
    await page.confirm_by(f"all-at-once-{app}")
    numbers = (await page.ticket()).choices.split(",")

    outcomes = await asyncio.gather(*map(page.choose, numbers), return_exceptions=True)

    decided = [outcome for outcome in outcomes if not isinstance(outcome, TicketUsed)]
    assert [type(outcome).__name__ for outcome in decided] in (["BindingTicket"], ["WrongNumber"])
    assert len(await bound(page.firm)) == sum(not isinstance(outcome, Refusal) for outcome in decided)


@KINDS
async def test_every_number_of_two_digits_gets_no_second_try(world: World, app: WechatApp) -> None:
    page = await Page.open(world, app=app)
    number = await page.confirm_by("brute")
    others = [str(n) for n in range(10, 100) if str(n) != number]

    refusals = []
    for guess in [*others, number]:
        with pytest.raises((WrongNumber, TicketUsed)) as refusal:
            await page.choose(guess)
        refusals.append(refusal.type)

    assert refusals == [WrongNumber] + [TicketUsed] * len(others)


@KINDS
async def test_the_ticket_alone_authorises_nothing(world: World, app: WechatApp) -> None:
    page = await Page.open(world, app=app)

    with pytest.raises((CodeRefused, TicketGone)):
        await confirm(FromPhone(ticket=page.new.secret), world.exchange)

    assert (await page.ticket()).state is TicketState.WAITING
    assert (await page.ticket()).openid is None


async def test_a_service_account_ticket_is_no_mini_program_ticket(world: World) -> None:
    page = await Page.open(world)
    await page.scan("o-owner")
    stolen = FromPhone(ticket=page.new.secret, code=world.exchange.code_of("m-thief"))

    for attempt in (preview(stolen, world.exchange), confirm(stolen, world.exchange)):
        with pytest.raises(TicketGone):
            await attempt


async def test_a_qr_ticket_is_no_login_ticket_and_the_reverse(world: World) -> None:
    """The one awaits a phone, the other a password; neither does the other's work."""
    answer = await log_in_by_wechat(world.exchange.code_of("m-login"), world.exchange)
    assert isinstance(answer, BindRequired)

    with pytest.raises(TicketGone):
        await confirm(FromPhone(ticket=answer.ticket, code=world.exchange.code_of("m-login")), world.exchange)


async def test_the_nonce_stands_in_the_fragment_only(world: World) -> None:
    page = await Page.open(world)
    nonce = await page.scan("o-fragment")

    sent, _, kept = confirm_link(nonce).partition("#")

    assert (nonce in sent, nonce in kept) == (False, True)
    assert page.new.secret not in confirm_link(nonce)


async def test_the_scene_of_a_mini_program_code_is_the_ticket(world: World) -> None:
    page = await Page.open(world, app=MINI)

    assert world.qr.scenes == [page.new.secret]
    assert len(page.new.secret) == 22


async def test_a_phone_bound_by_qr_logs_in_by_itself(world: World) -> None:
    page = await Page.open(world, app=MINI)
    before = await log_in_by_wechat(world.exchange.code_of("m-by-qr"), world.exchange)

    await page.bind("m-by-qr")

    after = await log_in_by_wechat(world.exchange.code_of("m-by-qr"), world.exchange)
    assert isinstance(before, BindRequired)
    assert not isinstance(after, BindRequired)
    assert after.account.id == page.firm.id
