"""微信绑定 by QR: what the phone and the waiting page may do, and everything that must be refused (D6-D8)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from models.accounts import BindingTicket, TicketState, WechatApp, WechatBinding
from models.audit import AuditEntry
from models.messages import Channel, Delivery, Message
from server import crypto
from server.accounts.binding import (
    FromPhone,
    NotConfirmed,
    ScannedByAnother,
    WrongNumber,
    choose,
    confirm,
    confirm_link,
    preview,
    scanned,
)
from server.accounts.bindings import AlreadyBound, BoundElsewhere, follow_changed, list_bindings, unbind
from server.accounts.caller import Caller
from server.accounts.revoke import log_out
from server.accounts.sessions import SessionExpired, authenticate
from server.accounts.tickets import (
    NewTicket,
    TicketGone,
    TicketSessionEnded,
    TicketUsed,
    create_ticket,
    own_ticket,
    state_of,
    watch,
)
from server.accounts.wechat_identity import WechatUnavailable
from server.errors import NotFound
from tests.fakes_accounts import Party, World, caller

Later = Callable[..., None]
OFFICIAL, MINI = WechatApp.OFFICIAL_ACCOUNT, WechatApp.MINI_PROGRAM


@dataclass
class Page:
    """The waiting page of a logged-in firm with its QR, and a phone that may scan it."""

    world: World
    firm: Party
    who: Caller
    new: NewTicket

    @classmethod
    async def open(cls, world: World, firm: Party | None = None, app: WechatApp = OFFICIAL) -> "Page":
        firm = firm or await world.firm()
        who = await caller(firm)
        new = await create_ticket(who, app, qr=world.qr, limiter=world.limiter)
        return cls(world, firm, who, new)

    @property
    def id(self) -> UUID:
        return self.new.ticket.id

    async def scan(self, openid: str) -> str:
        return await scanned(self.new.ticket.app, self.new.secret, openid)

    async def confirm(self, nonce: str) -> str:
        return await confirm(FromPhone(nonce=nonce), self.world.exchange)

    async def scan_and_confirm(self, openid: str) -> str:
        return await self.confirm(await self.scan(openid))

    async def bind(self, openid: str) -> BindingTicket:
        return await choose(self.who, self.id, await self.scan_and_confirm(openid))

    async def ticket(self) -> BindingTicket:
        return await own_ticket(self.who, self.id)


async def test_scan_confirm_choose_binds(world: World) -> None:
    page = await Page.open(world)

    nonce = await page.scan("o-Alice")
    whose = await preview(FromPhone(nonce=nonce))
    number = await page.confirm(nonce)
    waiting = await page.ticket()
    ticket = await choose(page.who, page.id, number)

    assert whose.name == page.firm.account.name
    assert whose.number_masked.startswith("7")
    assert page.firm.number not in whose.number_masked
    assert len(number) == 2
    assert number in waiting.choices.split(",")
    assert len(set(waiting.choices.split(","))) == 3
    assert ticket.state is TicketState.BOUND
    [binding] = await list_bindings(page.firm.id)
    assert (binding.app, binding.openid, binding.reachable) == (OFFICIAL, "o-Alice", True)


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


async def test_the_nonce_travels_in_the_fragment(world: World) -> None:
    path, _, fragment = confirm_link("abc").partition("#")

    assert ("abc" in path, "abc" in fragment) == (False, True)


async def test_scanning_alone_binds_nothing(world: World) -> None:
    page = await Page.open(world)

    await page.scan("o-scan-only")

    assert await list_bindings(page.firm.id) == []
    assert state_of(await page.ticket()) == "scanned"
    with pytest.raises(NotConfirmed):
        await choose(page.who, page.id, "10")


async def test_confirming_alone_binds_nothing(world: World) -> None:
    page = await Page.open(world)

    await page.scan_and_confirm("o-confirm-only")

    assert await list_bindings(page.firm.id) == []


async def test_wrong_number_ends_the_try_and_tells_the_account(world: World) -> None:
    page = await Page.open(world)
    number = await page.scan_and_confirm("o-wrong")
    wrong = next(n for n in (await page.ticket()).choices.split(",") if n != number)

    with pytest.raises(WrongNumber):
        await choose(page.who, page.id, wrong)
    with pytest.raises(TicketUsed):
        await choose(page.who, page.id, number)

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


async def test_two_confirms_at_once_give_one_number(world: World) -> None:
    page = await Page.open(world)
    nonce = await page.scan("o-race")

    outcomes = await asyncio.gather(*(page.confirm(nonce) for _ in range(4)), return_exceptions=True)

    assert sorted(type(o).__name__ for o in outcomes) == ["TicketUsed"] * 3 + ["str"]


async def test_choose_works_once(world: World) -> None:
    page = await Page.open(world)
    number = await page.scan_and_confirm("o-choose")

    outcomes = await asyncio.gather(*(choose(page.who, page.id, number) for _ in range(3)), return_exceptions=True)

    assert sorted(type(o).__name__ for o in outcomes) == ["BindingTicket", "TicketUsed", "TicketUsed"]
    assert len(await list_bindings(page.firm.id)) == 1


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


@pytest.mark.parametrize("step", ["scan", "preview", "confirm", "choose"])
async def test_every_step_ends_after_five_minutes(world: World, later: Later, step: str) -> None:
    page = await Page.open(world)
    nonce = await page.scan(f"o-late-{step}") if step != "scan" else ""
    number = await page.confirm(nonce) if step == "choose" else ""

    later(minutes=5, seconds=1)

    with pytest.raises(TicketGone):
        await {
            "scan": lambda: page.scan("o-late-scan"),
            "preview": lambda: preview(FromPhone(nonce=nonce)),
            "confirm": lambda: page.confirm(nonce),
            "choose": lambda: choose(page.who, page.id, number),
        }[step]()
    assert state_of(await page.ticket()) == "expired"


async def test_a_logged_out_sessions_ticket_is_dead(world: World) -> None:
    page = await Page.open(world)
    nonce = await page.scan("o-loggedout")
    await log_out(page.who, world.views)

    for attempt in (page.scan("o-loggedout"), preview(FromPhone(nonce=nonce)), page.confirm(nonce)):
        with pytest.raises(TicketSessionEnded):
            await attempt


async def test_another_browser_of_the_same_firm_sees_no_ticket(world: World) -> None:
    page = await Page.open(world)
    number = await page.scan_and_confirm("o-browser")
    elsewhere = await caller(page.firm)

    for attempt in (own_ticket(elsewhere, page.id), choose(elsewhere, page.id, number)):
        with pytest.raises(NotFound):
            await attempt


async def test_a_stranger_sees_no_ticket(world: World) -> None:
    page, stranger = await Page.open(world), await caller(await world.firm())

    with pytest.raises(NotFound):
        await own_ticket(stranger, page.id)


async def test_bound_elsewhere_is_refused_at_the_scan_and_both_sides_are_told(world: World) -> None:
    await (await Page.open(world)).bind("o-taken")
    page = await Page.open(world)

    with pytest.raises(BoundElsewhere) as refusal:
        await page.scan("o-taken")

    assert "解除绑定" in (refusal.value.hint or "")
    ticket = await page.ticket()
    assert (ticket.state, ticket.reason) == (TicketState.REFUSED, "bound_elsewhere")
    assert [m.event for m in await Message.filter(account_id=page.firm.id)] == ["wechat_refused"]


async def test_the_unique_key_decides_between_two_accounts(world: World) -> None:
    one, other = await Page.open(world), await Page.open(world)
    first, second = await one.scan_and_confirm("o-contested"), await other.scan_and_confirm("o-contested")

    await choose(one.who, one.id, first)
    with pytest.raises(BoundElsewhere):
        await choose(other.who, other.id, second)

    assert await WechatBinding.filter(openid="o-contested").count() == 1
    assert (await other.ticket()).reason == "bound_elsewhere"


async def test_bound_here_already_is_said(world: World) -> None:
    page = await Page.open(world)
    await page.bind("o-mine")

    with pytest.raises(AlreadyBound):
        await (await Page.open(world, page.firm)).scan("o-mine")


async def test_openids_differ_in_case(world: World) -> None:
    await (await Page.open(world)).bind("o-CaSe")

    assert (await (await Page.open(world)).bind("o-case")).state is TicketState.BOUND


async def test_one_openid_may_belong_to_each_app(world: World) -> None:
    page = await Page.open(world)
    await page.bind("o-both")
    other = await Page.open(world, app=MINI)

    number = await confirm(FromPhone(ticket=other.new.secret, code=world.exchange.code_of("o-both")), world.exchange)

    assert (await choose(other.who, other.id, number)).state is TicketState.BOUND


async def test_other_channels_are_told_and_not_the_new_one(world: World) -> None:
    page = await Page.open(world)
    await page.bind("o-one")
    assert await Delivery.filter(account_id=page.firm.id, event="wechat_bound", channel=Channel.SMS).count() == 1

    await (await Page.open(world, page.firm)).bind("o-two")

    [first, _] = await list_bindings(page.firm.id)
    told = await Delivery.filter(account_id=page.firm.id, event="wechat_bound", channel=Channel.WECHAT)
    assert [row.recipient for row in told] == [f"binding:{first.id}"]
    assert await AuditEntry.filter(action="bind_wechat", actor_id=page.firm.id).count() == 2


async def test_a_mini_program_ticket_needs_a_code_of_the_phone(world: World) -> None:
    page = await Page.open(world, app=MINI)

    whose = await preview(FromPhone(ticket=page.new.secret))
    code = world.exchange.code_of("m-Alice", "u-Alice")
    number = await confirm(FromPhone(ticket=page.new.secret, code=code), world.exchange)
    await choose(page.who, page.id, number)

    [binding] = await list_bindings(page.firm.id)
    assert whose.name == page.firm.account.name
    assert (binding.app, binding.openid, binding.unionid, binding.reachable) == (MINI, "m-Alice", "u-Alice", False)


async def test_an_official_account_secret_confirms_nothing_by_itself(world: World) -> None:
    page = await Page.open(world)
    await page.scan("o-secret")

    with pytest.raises(TicketGone):
        await confirm(FromPhone(ticket=page.new.secret, code=world.exchange.code_of("m-thief")), world.exchange)


async def test_nonsense_is_no_ticket(world: World) -> None:
    for phone in (FromPhone(), FromPhone(nonce="abc"), FromPhone(ticket="abc", code="x")):
        with pytest.raises(TicketGone):
            await preview(phone)


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
            await choose(page.who, page.id, (await page.ticket()).number or "")

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


async def test_unbinding_frees_the_wechat_and_ends_mini_program_sessions(world: World) -> None:
    page = await Page.open(world)
    await page.bind("o-free")
    phone, browser = await page.firm.log_in(client="mini_program"), await page.firm.log_in()
    [binding] = await list_bindings(page.firm.id)

    await unbind(page.who, binding.id, views=world.views)

    assert await list_bindings(page.firm.id) == []
    with pytest.raises(SessionExpired):
        await authenticate(phone.token, world.views)
    assert (await authenticate(browser.token, world.views)).account_id == page.firm.id
    assert await AuditEntry.filter(action="unbind_wechat", actor_id=page.firm.id).count() == 1
    assert (await (await Page.open(world)).bind("o-free")).state is TicketState.BOUND


async def test_nobody_unbinds_for_somebody_else(world: World) -> None:
    page, stranger = await Page.open(world), await caller(await world.firm())
    await page.bind("o-kept")
    [binding] = await list_bindings(page.firm.id)

    with pytest.raises(NotFound):
        await unbind(stranger, binding.id, views=world.views)

    assert len(await list_bindings(page.firm.id)) == 1


async def test_unfollowing_makes_a_binding_unreachable_until_followed_again(world: World) -> None:
    page = await Page.open(world)
    await page.bind("o-follow")
    seen = []

    for following in (False, True):
        await follow_changed("o-follow", following)
        seen.append((await list_bindings(page.firm.id))[0].reachable)

    assert seen == [False, True]
