"""One worker's lane: how much is under way at once, what is logged, and what is left behind when it stops."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.messages.channels import SMS_AT_ONCE, Outcome, Outgoing, Sent, TryLater
from server.messages.deliver import Deliverer
from tests.engines.engine import Engine
from tests.fakes_messages import (
    FakeSender,
    MessageWorld,
    Outside,
    bound_firm,
    only_delivery,
    states_of,
    tell_done,
)


@pytest.fixture(autouse=True)
async def nothing_else_is_due(database: Engine) -> None:
    await Delivery.all().delete()


class Held(FakeSender):
    """Takes calls and answers only when it is told to; `busy` when four are under way."""

    def __init__(self) -> None:
        super().__init__()
        self.answering, self.busy = asyncio.Event(), asyncio.Event()
        self.under_way = self.most = 0

    async def send(self, outgoing: Outgoing) -> Outcome:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if self.under_way == 4:
            self.busy.set()
        try:
            outcome = await super().send(outgoing)
            await self.answering.wait()
        finally:
            self.under_way -= 1
        return outcome


class Yielding(Held):
    """Answers by itself after a few turns of the loop."""

    async def send(self, outgoing: Outgoing) -> Outcome:
        self.answering.set()
        return await super().send(outgoing)


async def bound_firms(world: MessageWorld, count: int) -> None:
    for _ in range(count):
        firm, _ = await bound_firm(world)
        await tell_done(world, firm)


def lane_of(sender: FakeSender, at_once: int, ahead: int = 4, channel: Channel = Channel.WECHAT) -> Deliverer:
    return Deliverer({channel: sender}, at_once=at_once, ahead=ahead)


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["facts"] for record in caplog.records if record.message == "delivery"]


async def test_a_try_is_logged_without_the_person(
    world: MessageWorld, outside: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    outside.wechat.plan = {openid: [TryLater(0, "45009", "调用太频繁"), Sent("77")]}

    with caplog.at_level(logging.INFO):
        await outside.deliver_all()

    row = await only_delivery(firm)
    tried = {"delivery": str(row.id), "channel": Channel.WECHAT, "message_event": "done"}
    assert logged(caplog) == [
        tried | {"state": DeliveryState.PENDING, "attempt": 1, "code": "45009"},
        tried | {"state": DeliveryState.SENT, "attempt": 2, "code": ""},
    ]


async def test_an_answer_that_came_after_the_lease_was_lost_is_logged_as_such(
    world: MessageWorld, caplog: pytest.LogCaptureFixture
) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    sender = Held()
    deliverer = lane_of(sender, 8)
    await deliverer.start_due()
    await Delivery.filter(account_id=firm.id).update(lease="another's")

    with caplog.at_level(logging.INFO):
        sender.answering.set()
        await deliverer.drain()

    assert [facts["lease"] for facts in logged(caplog)] == ["lost"]
    assert await states_of(firm) == ["sending"]


async def test_a_fault_of_ours_is_logged(world: MessageWorld, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeSender):
        async def send(self, outgoing: Outgoing) -> Outcome:
            raise ZeroDivisionError

    await bound_firms(world, 1)

    deliverer = lane_of(Broken(), 8)
    await deliverer.start_due()
    await deliverer.drain()
    await asyncio.sleep(0)  # for the lane to hear of it

    (record,) = [record for record in caplog.records if record.name == "zcgl"]
    assert (record.message, record.levelname) == ("delivery_fault", "ERROR")
    assert isinstance(record.exc_info and record.exc_info[1], ZeroDivisionError)


async def test_a_lane_has_no_more_under_way_than_it_may(world: MessageWorld) -> None:
    await bound_firms(world, 20)
    sender = Yielding()
    deliverer = lane_of(sender, 4, ahead=8)

    seen = [await deliverer.start_due() for _ in range(4)]
    await deliverer.drain()

    assert seen[0] == 8
    assert sum(seen) == 20
    assert sender.most == 4
    assert len(sender.calls) == 20


async def test_a_lane_takes_ahead_no_more_than_it_may_and_more_when_half_of_that_is_under_way(
    world: MessageWorld,
) -> None:
    await bound_firms(world, 20)
    sender = Held()
    deliverer = lane_of(sender, 4, ahead=6)
    seen = [await deliverer.start_due()]
    await sender.busy.wait()
    seen.append(await deliverer.start_due())

    waiting = asyncio.create_task(deliverer.start_due())
    for _ in range(50):
        await asyncio.sleep(0)
    before = (waiting.done(), len(sender.calls), await Delivery.filter(state=DeliveryState.SENDING).count())
    sender.answering.set()
    await waiting
    await deliverer.drain()

    assert seen == [6, 4]
    assert before == (False, 4, 10)


async def test_of_a_channel_without_message_ids_little_is_taken_ahead(world: MessageWorld) -> None:
    for _ in range(20):
        await tell_done(world, await world.firm())
    sender = Held()
    deliverer = lane_of(sender, 4, ahead=64, channel=Channel.SMS)

    seen = await deliverer.start_due()
    await sender.busy.wait()
    await deliverer.stop(0)

    assert seen == 16
    assert await Delivery.filter(attempts=0).count() == 16


async def test_what_a_stopped_worker_had_not_begun_is_due_at_once_and_what_it_began_is_in_doubt(
    world: MessageWorld,
) -> None:
    await bound_firms(world, 8)
    sender = Held()
    deliverer = lane_of(sender, 4, ahead=8)
    await deliverer.start_due()
    await sender.busy.wait()

    await deliverer.stop(0)

    rows = await Delivery.all()
    assert sender.under_way == 0
    assert sorted(row.attempts for row in rows) == [0, 0, 0, 0, 1, 1, 1, 1]
    assert {row.attempts for row in rows if row.next_at <= clock.now()} == {0}
    assert {row.attempts for row in rows if row.leased_until and row.leased_until > clock.now()} == {1}


async def test_one_address_gets_one_at_a_time_and_holds_up_nobody_else(world: MessageWorld) -> None:
    firm, openid = await bound_firm(world)
    for _ in range(6):
        await tell_done(world, firm)
    await bound_firms(world, 3)
    sender = Held()
    deliverer = lane_of(sender, 4, ahead=20)

    await deliverer.start_due()
    await sender.busy.wait()
    under_way = [call.address for call in sender.calls]
    sender.answering.set()
    await deliverer.drain()

    assert (len(under_way), under_way.count(openid)) == (4, 1)
    assert len(sender.to(openid)) == 6
    assert set(await states_of(firm)) == {"sent"}


async def three_in_line(world: MessageWorld) -> tuple[str, Held, Deliverer]:
    """Three messages to one phone, taken by a lane that sends one of them to a phone at a time."""
    firm, openid = await bound_firm(world)
    for _ in range(3):
        await tell_done(world, firm)
    sender = Held()
    deliverer = lane_of(sender, 4)
    await deliverer.start_due()
    return openid, sender, deliverer


async def test_whoever_stands_in_line_when_the_worker_stops_is_due_at_once(world: MessageWorld) -> None:
    openid, sender, deliverer = await three_in_line(world)

    await deliverer.stop(0.05)

    assert len(sender.to(openid)) == 1
    assert sorted(row.attempts for row in await Delivery.all()) == [0, 0, 1]


async def test_a_lane_waits_for_no_other(world: MessageWorld) -> None:
    firm, openid = await bound_firm(world)
    await tell_done(world, firm)
    other = await world.firm()
    await tell_done(world, other)
    silent, sms = Held(), FakeSender(with_receipts=False)

    deliverer = Deliverer({Channel.WECHAT: silent, Channel.SMS: sms})
    leased = await deliverer.start_due()
    await deliverer.lanes[1].drain()

    assert leased == 2
    assert await states_of(other) == ["delivered"]
    assert [call.address for call in silent.calls] == [openid]
    await deliverer.stop(0)


async def test_what_stood_in_line_until_its_lease_was_nearly_over_is_taken_anew(
    world: MessageWorld, later: Callable[..., None]
) -> None:
    openid, sender, deliverer = await three_in_line(world)
    while not sender.under_way:  # noqa: ASYNC110 - the fake signals only the fourth
        await asyncio.sleep(0)

    later(seconds=31)
    sender.answering.set()
    await deliverer.drain()

    assert len(sender.to(openid)) == 1
    assert sorted((row.attempts, row.next_at <= clock.now()) for row in await Delivery.all())[:2] == [(0, True)] * 2


async def test_no_more_texts_are_under_way_than_there_are_connections(world: MessageWorld) -> None:
    for _ in range(20):
        await tell_done(world, await world.firm())
    sender = Held()
    deliverer = lane_of(sender, 64, ahead=64, channel=Channel.SMS)
    await deliverer.start_due()
    while sender.under_way < SMS_AT_ONCE:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)

    more = await deliverer.start_due()
    for _ in range(50):
        await asyncio.sleep(0)
    sender.answering.set()
    await deliverer.drain()

    assert (more, sender.most, len(sender.calls)) == (4, SMS_AT_ONCE, 20)
