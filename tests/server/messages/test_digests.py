"""The morning's digest of what failed the day before, and one message with everybody it reached."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest

from models.messages import Channel, Delivery, DeliveryDigest, DeliveryState
from server import clock
from server.clock import at
from server.messages.channels import Refused
from server.messages.digests import Failures, lines_of, list_digests, write_digest
from server.messages.inbox import MessageNotFound, open_message
from server.messages.leases import DUE
from server.messages.ledger import RecipientKind, Search, list_deliveries
from server.messages.reach import Wanted, list_sent_messages, reach_of
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, Outside, bound_firm, contact_of, only_delivery, tell_done

Later = Callable[..., None]


@pytest.fixture
def world(engine: Engine) -> MessageWorld:
    """Grouping and unique days: both engines."""
    return MessageWorld()


@pytest.fixture
async def day(engine: Engine) -> AsyncIterator[date]:
    """A day nobody else's deliveries ended on, nor will be due by then; it is the first without a digest."""
    found = date(2031, 1, 1) + timedelta(days=uuid4().int % 9000)
    await Delivery.filter(state__in=DUE).delete()
    await DeliveryDigest.all().delete()
    await DeliveryDigest.create(created_at=clock.now(), on_date=found - timedelta(days=1), body="[]")
    await Delivery.filter(
        ended_at__gte=at(found, "00:00"), ended_at__lt=at(found + timedelta(days=1), "00:00")
    ).delete()
    yield found
    clock.set_offset(0)


def it_is(day: date, hh_mm: str) -> None:
    clock.set_offset(0)
    clock.set_offset((at(day, hh_mm) - clock.now()).total_seconds())


async def fail_two_and_reach_one(world: MessageWorld, outside: Outside) -> None:
    for n in range(3):
        firm = await world.firm()
        if n:
            outside.sms.plan[contact_of(firm)] = [Refused("empty", "空号")]
        await tell_done(world, firm)
    await outside.deliver_all()


async def test_failures_are_counted_by_channel_event_and_reason(
    world: MessageWorld, outside: Outside, day: date
) -> None:
    it_is(day, "23:30")
    await fail_two_and_reach_one(world, outside)
    it_is(day + timedelta(days=1), "08:00")

    written = await write_digest()

    digest = await DeliveryDigest.get(on_date=day)
    assert written
    assert lines_of(digest) == [Failures("sms", "done", "empty", "空号", 2)]


async def test_it_is_written_in_the_morning_and_once_among_all_workers(world: MessageWorld, day: date) -> None:
    it_is(day + timedelta(days=1), "07:59")
    early = await write_digest()
    it_is(day + timedelta(days=1), "08:00")

    written = await asyncio.gather(*(write_digest() for _ in range(4)))

    assert (early, sorted(written)) == (False, [False, False, False, True])


@pytest.mark.parametrize(("away", "written"), [(1, 1), (3, 3), (30, 7)])
async def test_days_without_a_worker_are_made_up_for_within_a_week(
    world: MessageWorld, day: date, away: int, written: int
) -> None:
    it_is(day + timedelta(days=away), "08:00")

    await write_digest()

    digests, _ = await list_digests(cursor=None, limit=written + 1)
    days = [digest.on_date for digest in digests]
    assert days[:written] == [day + timedelta(days=away - n) for n in range(1, written + 1)]
    assert days[written:] == [day - timedelta(days=1)]


async def test_the_first_digest_is_yesterday_s(world: MessageWorld, day: date) -> None:
    await DeliveryDigest.all().delete()
    it_is(day + timedelta(days=1), "08:00")

    await write_digest()

    assert [digest.on_date for digest in await DeliveryDigest.all()] == [day]


async def test_a_quiet_day_has_an_empty_digest(world: MessageWorld, day: date) -> None:
    it_is(day + timedelta(days=1), "09:00")
    await write_digest()

    (latest,), _ = await list_digests(cursor=None, limit=1)

    assert (latest.on_date, lines_of(latest)) == (day, [])


async def test_one_message_with_all_it_reached(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [Refused("43101", "用户已拒收此类消息")]}
    await world.booked(firm, await world.application(firm, "张三"))
    await outside.deliver_all()

    ((message, _),), _ = await list_sent_messages(Wanted(account_number=firm.number, event="booked"))
    before = (await reach_of(message.id)).message.read_at
    await open_message(firm.id, message.id)
    reach = await reach_of(message.id)

    assert (before is None, reach.message.read_at is None) == (True, False)
    assert [(str(e.delivery.channel), e.state_label, e.delivery.reason) for e in reach.deliveries] == [
        ("wechat", "对方无法接收", "用户已拒收此类消息"),
        ("sms", "已送达", ""),
        ("sms", "已送达", ""),
    ]
    assert [e.recipient.partition(" ")[0] for e in reach.deliveries] == ["微信", "注师本人", "联系人"]


async def test_an_unknown_message_is_not_found(world: MessageWorld) -> None:
    with pytest.raises(MessageNotFound):
        await reach_of(uuid4())


async def test_messages_are_listed_by_what_they_are_about_and_whether_they_were_read(world: MessageWorld) -> None:
    firm = await world.firm()
    application = await world.application(firm)
    appointment = await world.booked(firm, application)
    await tell_done(world, firm)
    (newest, _), *_ = (await list_sent_messages(Wanted(account_number=firm.number)))[0]
    await open_message(firm.id, newest.id)

    async def events(**wanted: object) -> list[str]:
        rows, _ = await list_sent_messages(Wanted(account_number=firm.number, **wanted))  # type: ignore[arg-type]
        return [message.event for message, _ in rows]

    assert await events() == ["done", "booked"]
    assert await events(appointment_id=appointment.id) == ["booked"]
    assert await events(unread=True) == ["booked"]
    assert await events(unread=False) == ["done"]
    first, cursor = await list_sent_messages(Wanted(account_number=firm.number, limit=1))
    assert [message.event for message, _ in first] == ["done"]
    assert await events(cursor=cursor) == ["booked"]


async def test_the_ledger_is_filtered_by_message_and_kind_of_recipient(world: MessageWorld) -> None:
    firm = await world.firm()
    await world.booked(firm, await world.application(firm))
    contact = await only_delivery(firm, recipient__startswith="account:")

    of_message, _ = await list_deliveries(Search(message_id=contact.message_id))
    of_people, _ = await list_deliveries(Search(account_number=firm.number, recipient=RecipientKind.PERSON))

    assert [entry.delivery.id for entry in of_message] == [contact.id]
    assert [entry.delivery.recipient.partition(":")[0] for entry in of_people] == ["person"]


async def test_what_was_accepted_and_never_confirmed_stays_visible_as_such(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    await outside.deliver_all()

    later(hours=25)
    await outside.deliver_all()

    ((entry,), _) = await list_deliveries(Search(account_number=firm.number, channel=Channel.WECHAT))
    assert (entry.delivery.state, entry.state_label) == (DeliveryState.SENT, "已发出，待回执")
    assert entry.advice.startswith("已被接受，但超过24小时没有收到送达回执")
