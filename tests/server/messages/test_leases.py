"""Leases: each delivery once, whoever else is sending and whoever died."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from models.messages import Channel, DeliveryState
from server import clock
from server.messages.channels import Failed, InDoubt, Outcome, Outgoing
from server.messages.deliver import Deliverer
from server.messages.leases import LEASE, due, take
from server.messages.outcomes import after, record
from tests.engines.engine import Engine
from tests.fakes_messages import (
    FakeSender,
    MessageWorld,
    Outside,
    bound_firm,
    lease_due,
    lease_of,
    only_delivery,
    states_of,
    tell_done,
)

Later = Callable[..., None]


@pytest.fixture
def world(engine: Engine) -> MessageWorld:
    """Leases and fallbacks are races: both engines."""
    return MessageWorld()


async def test_two_workers_send_each_delivery_once(world: MessageWorld, outside: Outside) -> None:
    firm = await world.firm()
    openids = [await world.binding(firm) for _ in range(20)]
    for _ in range(5):
        await tell_done(world, firm)

    await asyncio.gather(outside.deliver_all(), outside.deliver_all())

    assert [len(outside.wechat.to(openid)) for openid in openids] == [5] * 20
    assert len({call.client_msg_id for call in outside.wechat.calls}) == len(outside.wechat.calls)


async def test_a_lease_is_nobody_elses(world: MessageWorld) -> None:
    firm = await world.firm()
    await tell_done(world, firm)

    first = [row.id for row in await lease_due(Channel.SMS, 1000)]
    second = await lease_due(Channel.SMS, 1000)

    assert (await only_delivery(firm)).id in first
    assert second == []


async def test_what_was_sent_between_the_look_and_the_claim_is_not_taken(world: MessageWorld, outside: Outside) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    seen = await due(Channel.WECHAT, 1000)
    await outside.deliver_all()

    taken = await take(seen)

    assert taken == []
    assert await states_of(firm) == ["sent"]


async def test_a_late_worker_cannot_record_under_the_lease_of_another(world: MessageWorld, later: Later) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    late = (await lease_of(firm))[0]
    later(seconds=LEASE.total_seconds() + 1)
    await lease_due(Channel.WECHAT, 1000)

    kept = await record(late, after(Failed("47003", "内容不符"), late, clock.now()))

    assert kept is False
    assert await states_of(firm) == ["sending"]


async def test_a_worker_that_died_with_what_it_had_taken_is_replaced(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    await lease_due(Channel.WECHAT, 1000)

    await outside.deliver_all()
    while_leased = outside.wechat.to(openid)
    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()

    assert while_leased == []
    assert len(outside.wechat.to(openid)) == 1


async def test_of_two_workers_that_saw_the_same_one_takes_it(world: MessageWorld) -> None:
    firm, _ = await bound_firm(world)
    for _ in range(20):
        await tell_done(world, firm)
    seen = [await due(Channel.WECHAT, 1000) for _ in range(2)]

    taken = await asyncio.gather(*map(take, seen))

    ids = [row.id for rows in taken for row in rows]
    assert len(seen[1]) >= 20
    assert sorted(ids) == sorted(row.id for row in seen[0])


async def test_a_worker_that_died_after_sending_is_repeated_with_the_same_id(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    await die_while_sending(outside)

    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()

    assert len({call.client_msg_id for call in outside.wechat.to(openid)}) == 1
    assert await states_of(firm) == ["sent"]


async def test_a_worker_dead_for_long_leaves_a_doubt_and_no_second_sending(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    await die_while_sending(outside)

    later(minutes=9)
    await outside.deliver_all()

    assert outside.wechat.to(openid) == []
    assert await states_of(firm) == ["in_doubt"]


class Silent:
    """A provider that never answers."""

    async def send(self, outgoing: Outgoing) -> Outcome:
        await asyncio.Event().wait()
        return InDoubt("")


async def die_while_sending(outside: Outside) -> None:
    deliverer = Deliverer({Channel.WECHAT: Silent(), Channel.SMS: outside.sms}, at_once=1000, ahead=1000)
    await deliverer.start_due()
    await deliverer.stop(0.05)


async def test_a_late_worker_cannot_overwrite_what_another_recorded(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    late = (await lease_of(firm))[0]
    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()

    kept = await record(late, after(Failed("47003", "内容不符"), late, clock.now()))

    assert kept is False
    assert await states_of(firm) == ["sent"]


async def test_a_fault_of_ours_leaves_the_delivery_to_be_repeated(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)

    await Outside(wechat=Broken()).deliver_all()
    stuck = await only_delivery(firm)
    later(seconds=LEASE.total_seconds() + 1)
    await outside.deliver_all()

    assert stuck.state is DeliveryState.SENDING
    assert stuck.next_at - stuck.created_at > timedelta(seconds=50)
    assert await states_of(firm) == ["sent"]


class Broken(FakeSender):
    async def send(self, outgoing: Outgoing) -> Outcome:
        raise ZeroDivisionError
