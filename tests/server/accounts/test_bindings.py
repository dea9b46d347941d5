"""Bindings: bound elsewhere, told to others, unbound, unfollowed."""

from collections.abc import Callable

import pytest

from models.accounts import TicketState
from models.audit import AuditEntry
from models.messages import Channel, Delivery, Message
from server.accounts.bindings import follow_changed, list_bindings, unbind
from server.accounts.moving import AlreadyBound
from server.accounts.sessions import SessionExpired, authenticate
from server.errors import NotFound
from tests.fakes_accounts import World, caller
from tests.fakes_binding import MINI, Page

Later = Callable[..., None]


async def test_bound_here_already_is_said_and_ends_the_try(world: World) -> None:
    page = await Page.open(world)
    await page.bind("o-mine")
    again = await Page.open(world, page.firm)

    with pytest.raises(AlreadyBound):
        await again.scan("o-mine")

    ticket = await again.ticket()
    assert (ticket.state, ticket.reason) == (TicketState.REFUSED, "already_bound")
    told = await Message.filter(account_id=page.firm.id).order_by("id")
    assert [m.event for m in told] == ["wechat_bound", "wechat_refused"]


async def test_one_openid_may_belong_to_each_app(world: World) -> None:
    page = await Page.open(world)
    await page.bind("o-both")
    other = await Page.open(world, app=MINI)

    assert (await other.bind("o-both")).state is TicketState.BOUND


async def test_other_channels_are_told_and_not_the_new_one(world: World) -> None:
    page = await Page.open(world)
    await page.bind("o-one")
    assert await Delivery.filter(account_id=page.firm.id, event="wechat_bound", channel=Channel.SMS).count() == 1

    await (await Page.open(world, page.firm)).bind("o-two")

    [first, _] = await list_bindings(page.firm.id)
    told = await Delivery.filter(account_id=page.firm.id, event="wechat_bound", channel=Channel.WECHAT)
    assert [row.recipient for row in told] == [f"binding:{first.id}"]
    assert await AuditEntry.filter(action="bind_wechat", actor_id=page.firm.id).count() == 2


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
