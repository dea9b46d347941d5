"""Outcomes written together: each its own number, and only where the lease is still ours."""

import logging
from dataclasses import replace

import pytest

from models.accounts import Account
from models.base import new_id
from models.messages import Delivery, DeliveryState
from server import clock
from server.messages import recording
from server.messages.channels import Outcome, Refused, Sent
from server.messages.outcomes import after
from server.messages.recording import Recorder
from server.messages.tries import Try
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, bound_firm, lease_of, states_of, tell_done


@pytest.fixture
def world(engine: Engine) -> MessageWorld:
    """Leases are races: both engines."""
    return MessageWorld()


async def leased(world: MessageWorld, count: int) -> tuple[Account, list[Try]]:
    """A firm and so many WeChat deliveries to it, leased by us."""
    firm, _ = await bound_firm(world)
    for _ in range(count):
        await tell_done(world, firm)
    return firm, await lease_of(firm)


async def recorded(rows: list[Try], outcome: Outcome | None = None) -> None:
    """All at once, each sent under a number made of its id."""
    recorder = Recorder()
    for row in rows:
        recorder.record(row, after(outcome or Sent(f"m{row.id.hex}"), row, clock.now()))
    await recorder.finish()


def lost(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Ids of deliveries whose lease was another's."""
    facts = [record.__dict__["facts"] for record in caplog.records if record.message == "delivery"]
    return [fact["delivery"] for fact in facts if fact.get("lease") == "lost"]


async def test_each_of_many_keeps_its_own_number(world: MessageWorld) -> None:
    firm, rows = await leased(world, 5)

    await recorded(rows)

    written = await Delivery.filter(account_id=firm.id)
    assert {row.id: row.provider_id for row in written} == {row.id: f"m{row.id.hex}" for row in rows}
    assert {row.state for row in written} == {DeliveryState.SENT}


async def test_a_lost_lease_among_them_is_told_apart(world: MessageWorld, caplog: pytest.LogCaptureFixture) -> None:
    firm, rows = await leased(world, 4)
    await Delivery.filter(id=rows[2].id).update(lease="another")

    with caplog.at_level(logging.INFO):
        await recorded(rows)

    assert lost(caplog) == [str(rows[2].id)]
    assert sorted(await states_of(firm)) == ["sending", "sent", "sent", "sent"]


async def test_successes_of_several_leases_are_written_together_and_none_of_another_try(world: MessageWorld) -> None:
    one, rows = await leased(world, 2)
    two, others = await leased(world, 2)
    beside, _ = await leased(world, 1)  # not recorded

    await recorded(rows + others)

    assert await states_of(one) + await states_of(two) == ["sent"] * 4
    assert await states_of(beside) == ["sending"]


async def test_what_has_consequences_is_written_with_them(world: MessageWorld) -> None:
    firm, rows = await leased(world, 1)

    await recorded(rows, Refused("43004", "用户未关注服务号"))

    assert sorted(await states_of(firm)) == ["pending", "refused"]


async def test_what_was_said_of_an_earlier_try_is_gone_once_it_is_sent(world: MessageWorld) -> None:
    firm, rows = await leased(world, 1)
    await Delivery.filter(id=rows[0].id).update(error_code="-1", reason="微信系统繁忙")

    await recorded(rows)

    sent = await Delivery.get(account_id=firm.id)
    assert (sent.error_code, sent.reason) == ("", "")


async def test_more_than_one_statement_holds_are_all_written(world: MessageWorld) -> None:
    _, (row,) = await leased(world, 1)
    rows = [await _copied(row) for _ in range(300)]

    await recorded(rows)

    assert await Delivery.filter(occurrence__startswith=f"copy:{row.id}", state=DeliveryState.SENT).count() == 300


async def _copied(row: Try) -> Try:
    id_ = new_id()
    stored = await Delivery.get(id=row.id)
    stored.id, stored.occurrence = id_, f"copy:{row.id}:{id_}"
    await stored.save(force_create=True)
    return replace(row, id=id_)


@pytest.mark.parametrize("outcome", [Sent("77"), Refused("43004", "用户未关注服务号")])
async def test_a_fault_while_recording_is_logged_and_holds_up_nobody(
    world: MessageWorld,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    outcome: Outcome,
) -> None:
    async def broken(*_: object) -> bool:
        raise ConnectionResetError

    firm, rows = await leased(world, 1)
    monkeypatch.setattr(recording, "retried", broken)
    monkeypatch.setattr(recording, "record", broken)

    await recorded(rows, outcome)

    assert [record.message for record in caplog.records if record.name == "zcgl"] == ["delivery_fault"]
    assert await states_of(firm) == ["sending"]
