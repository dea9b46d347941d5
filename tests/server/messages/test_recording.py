"""Outcomes written together: each its own number, and only where the lease is still ours."""

import asyncio

import pytest

from models.accounts import Account
from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.messages.channels import Refused, Sent
from server.messages.leases import lease_due
from server.messages.outcomes import after
from server.messages.recording import Recorder
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, bound_firm, states_of, tell_done


@pytest.fixture
def world(engine: Engine) -> MessageWorld:
    """Leases are races: both engines."""
    return MessageWorld()


async def leased(world: MessageWorld, count: int) -> tuple[Account, list[Delivery]]:
    """A firm and so many WeChat deliveries to it, leased by us."""
    firm, _ = await bound_firm(world)
    for _ in range(count):
        await tell_done(world, firm)
    return firm, [row for row in await lease_due(Channel.WECHAT, 1000) if row.account_id == firm.id]


async def recorded(recorder: Recorder, rows: list[Delivery]) -> list[bool]:
    """All at once, each sent under a number made of its id."""
    outcomes = [after(Sent(f"m{row.id.hex}"), row, clock.now()) for row in rows]
    return await asyncio.gather(*(recorder.record(*pair) for pair in zip(rows, outcomes, strict=True)))


async def test_each_of_many_keeps_its_own_number(world: MessageWorld) -> None:
    firm, rows = await leased(world, 5)

    kept = await recorded(Recorder(), rows)

    assert kept == [True] * 5
    written = await Delivery.filter(account_id=firm.id)
    assert {row.id: row.provider_id for row in written} == {row.id: f"m{row.id.hex}" for row in rows}
    assert {row.state for row in written} == {DeliveryState.SENT}


async def test_a_lost_lease_among_them_is_told_apart(world: MessageWorld) -> None:
    firm, rows = await leased(world, 4)
    await Delivery.filter(id=rows[2].id).update(lease="another")

    kept = await recorded(Recorder(), rows)

    assert kept == [True, True, False, True]
    assert sorted(await states_of(firm)) == ["sending", "sent", "sent", "sent"]


async def test_what_has_consequences_is_written_with_them(world: MessageWorld) -> None:
    firm, (row,) = await leased(world, 1)

    kept = await Recorder().record(row, after(Refused("43004", "用户未关注服务号"), row, clock.now()))

    assert kept is True
    assert sorted(await states_of(firm)) == ["pending", "refused"]


async def test_what_was_said_of_an_earlier_try_is_gone_once_it_is_sent(world: MessageWorld) -> None:
    firm, (row,) = await leased(world, 1)
    await Delivery.filter(id=row.id).update(error_code="-1", reason="微信系统繁忙")

    await recorded(Recorder(), [row])

    sent = await Delivery.get(account_id=firm.id)
    assert (sent.error_code, sent.reason) == ("", "")
