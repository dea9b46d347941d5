"""Binding tickets: how long they live, who sees them, and how the waiting page learns."""

from collections.abc import Callable

import pytest

from models.accounts import BindingTicket
from server import crypto
from server.accounts.binding import FromPhone, preview
from server.accounts.choice import choose
from server.accounts.revoke import log_out
from server.accounts.tickets import (
    TicketGone,
    TicketSessionEnded,
    own_ticket,
    state_of,
    watch,
)
from server.accounts.wechat_identity import WechatUnavailable
from server.errors import NotFound
from tests.fakes_accounts import World, caller
from tests.fakes_binding import Page

Later = Callable[..., None]


async def test_the_qr_is_a_picture_of_a_secret_of_128_bits(world: World) -> None:
    page = await Page.open(world)

    assert page.new.png.startswith(b"\x89PNG")
    assert len(world.qr.scenes[0]) * 6 >= 128
    assert len(world.qr.scenes[0]) <= 32  # what a mini-program code can carry
    assert (await page.ticket()).secret_hash == crypto.hash_secret(world.qr.scenes[0])


async def test_without_wechat_no_ticket_is_written(world: World) -> None:
    firm, world.qr.is_down = await world.firm(), True

    with pytest.raises(WechatUnavailable):
        await Page.open(world, firm)

    assert not await BindingTicket.filter(account_id=firm.id).exists()


@pytest.mark.parametrize("step", ["scan", "preview", "confirm", "choose"])
async def test_every_step_ends_after_five_minutes(world: World, later: Later, step: str) -> None:
    page = await Page.open(world)
    nonce = await page.scan(f"o-late-{step}") if step != "scan" else ""
    number = await page.confirm(nonce) if step == "choose" else ""

    later(minutes=5, seconds=1)

    with pytest.raises(TicketGone):
        await {
            "scan": lambda: page.scan("o-late-scan"),
            "preview": lambda: preview(FromPhone(nonce=nonce), world.exchange),
            "confirm": lambda: page.confirm(nonce),
            "choose": lambda: page.choose(number),
        }[step]()
    assert state_of(await page.ticket()) == "expired"


async def test_a_logged_out_sessions_ticket_is_dead(world: World) -> None:
    page = await Page.open(world)
    nonce = await page.scan("o-loggedout")
    await log_out(page.who, world.views)

    for attempt in (page.scan("o-loggedout"), preview(FromPhone(nonce=nonce), world.exchange), page.confirm(nonce)):
        with pytest.raises(TicketSessionEnded):
            await attempt


async def test_another_browser_of_the_same_firm_sees_no_ticket(world: World) -> None:
    page = await Page.open(world)
    number = await page.confirm_by("o-browser")
    elsewhere = await caller(page.firm)

    for attempt in (own_ticket(elsewhere, page.id), choose(elsewhere, page.id, number, views=world.views)):
        with pytest.raises(NotFound):
            await attempt


async def test_a_stranger_sees_no_ticket(world: World) -> None:
    page, stranger = await Page.open(world), await caller(await world.firm())

    with pytest.raises(NotFound):
        await own_ticket(stranger, page.id)


async def test_the_page_sees_each_state_as_it_comes(world: World) -> None:
    page = await Page.open(world)
    steps = iter([lambda: page.scan("o-watch"), lambda: page.scan("o-watch"), None, None])
    seen: list[str] = []
    nonce = ""

    async def pause() -> None:
        nonlocal nonce
        if step := next(steps):
            nonce = await step()
        elif len(seen) == 2:
            await page.confirm(nonce)
        else:
            await page.choose((await page.ticket()).number or "")

    async for ticket in watch(page.who, page.id, pause):
        seen.append(state_of(ticket))

    assert seen == ["waiting", "scanned", "confirmed", "bound"]


async def test_watching_ends_with_the_ticket_and_with_the_session(world: World, later: Later) -> None:
    expiring, leaving = await Page.open(world), await Page.open(world)

    async def time_passes() -> None:
        later(minutes=6)

    async def owner_leaves() -> None:
        await log_out(leaving.who, world.views)

    seen_leaving = [state_of(t) async for t in watch(leaving.who, leaving.id, owner_leaves)]
    seen_expiring = [state_of(t) async for t in watch(expiring.who, expiring.id, time_passes)]

    assert (seen_leaving, seen_expiring) == (["waiting"], ["waiting", "expired"])


async def test_nonsense_is_no_ticket(world: World) -> None:
    for phone in (FromPhone(), FromPhone(nonce="abc"), FromPhone(ticket="abc", code="x")):
        with pytest.raises(TicketGone):
            await preview(phone, world.exchange)
