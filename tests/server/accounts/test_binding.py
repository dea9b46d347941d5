"""微信绑定 by QR: what the phone and the waiting page do, step by step (decisions D6-D8)."""

from collections.abc import Callable

import pytest

from models.accounts import TicketState
from models.messages import Message
from server.accounts.binding import FromPhone, ScannedByAnother, confirm, confirm_link, preview
from server.accounts.bindings import list_bindings
from server.accounts.choice import NotConfirmed, WrongNumber
from server.accounts.tickets import (
    TicketGone,
    TicketUsed,
    state_of,
)
from tests.fakes_accounts import World
from tests.fakes_binding import MINI, OFFICIAL, Page

Later = Callable[..., None]


async def test_scan_confirm_choose_binds(world: World) -> None:
    page = await Page.open(world)

    nonce = await page.scan("o-Alice")
    whose = (await preview(FromPhone(nonce=nonce), world.exchange)).whose
    number = await page.confirm(nonce)
    waiting = await page.ticket()
    ticket = await page.choose(number)

    assert whose.name == page.firm.account.name
    assert whose.number_masked.startswith("7")
    assert page.firm.number not in whose.number_masked
    assert len(number) == 2
    assert number in waiting.choices.split(",")
    assert len(set(waiting.choices.split(","))) == 3
    assert ticket.state is TicketState.BOUND
    [binding] = await list_bindings(page.firm.id)
    assert (binding.app, binding.openid, binding.reachable) == (OFFICIAL, "o-Alice", True)


async def test_the_nonce_travels_in_the_fragment(world: World) -> None:
    path, _, fragment = confirm_link("abc").partition("#")

    assert ("abc" in path, "abc" in fragment) == (False, True)


async def test_scanning_alone_binds_nothing(world: World) -> None:
    page = await Page.open(world)

    await page.scan("o-scan-only")

    assert await list_bindings(page.firm.id) == []
    assert state_of(await page.ticket()) == "scanned"
    with pytest.raises(NotConfirmed):
        await page.choose("10")


async def test_confirming_alone_binds_nothing(world: World) -> None:
    page = await Page.open(world)

    await page.confirm_by("o-confirm-only")

    assert await list_bindings(page.firm.id) == []


async def test_wrong_number_ends_the_try_and_tells_the_account(world: World) -> None:
    page = await Page.open(world)
    number = await page.confirm_by("o-wrong")
    wrong = await page.wrong_number()

    with pytest.raises(WrongNumber):
        await page.choose(wrong)
    with pytest.raises(TicketUsed):
        await page.choose(number)

    ticket = await page.ticket()
    assert (ticket.state, ticket.reason) == (TicketState.REFUSED, "wrong_number")
    assert await list_bindings(page.firm.id) == []
    assert [m.event for m in await Message.filter(account_id=page.firm.id)] == ["wechat_refused"]


async def test_confirm_works_once(world: World) -> None:
    page = await Page.open(world)
    nonce = await page.scan("o-replay")
    await page.confirm(nonce)

    with pytest.raises(TicketUsed):
        await page.confirm(nonce)


async def test_scanned_again_the_same_person_gets_a_fresh_nonce(world: World) -> None:
    page = await Page.open(world)
    first = await page.scan("o-again")
    second = await page.scan("o-again")

    with pytest.raises(TicketGone):
        await page.confirm(first)
    assert await page.confirm(second)


async def test_a_second_persons_scan_is_refused(world: World) -> None:
    page = await Page.open(world)
    await page.scan("o-first")

    with pytest.raises(ScannedByAnother):
        await page.scan("o-second")


async def test_a_mini_program_ticket_needs_a_code_of_the_phone(world: World) -> None:
    page = await Page.open(world, app=MINI)

    whose = (await preview(FromPhone(ticket=page.new.secret), world.exchange)).whose
    await page.bind("m-Alice", "u-Alice")

    [binding] = await list_bindings(page.firm.id)
    assert whose.name == page.firm.account.name
    assert (binding.app, binding.openid, binding.unionid, binding.reachable) == (MINI, "m-Alice", "u-Alice", True)


async def test_an_official_account_secret_confirms_nothing_by_itself(world: World) -> None:
    page = await Page.open(world)
    await page.scan("o-secret")

    with pytest.raises(TicketGone):
        await confirm(FromPhone(ticket=page.new.secret, code=world.exchange.code_of("m-thief")), world.exchange)
