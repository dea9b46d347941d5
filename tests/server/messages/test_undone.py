"""What is not sent any more: undone by a later event, or a code that is dead."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from models.accounts import Account
from models.applications import Application
from models.messages import Channel, Delivery
from server import clock
from server.accounts.reset import CODE_LIFE
from server.messages.announce import announce, send_code
from server.messages.channels import InDoubt, TryLater
from server.messages.events import ApplicationEvent, EventName
from server.messages.texts import message_texts
from server.messages.undone import OUTDATED, UNDONE
from server.transactions import in_transaction
from tests.engines.engine import Engine
from tests.fakes_messages import (
    MessageWorld,
    Outside,
    bound_firm,
    contact_of,
    deliveries_of,
    only_delivery,
    states_of,
)

Later = Callable[..., None]


@pytest.fixture
def world(engine: Engine) -> MessageWorld:
    """Occurrences are compared by the database: both engines."""
    return MessageWorld()


async def tell(application: Application, name: str, **values: str) -> None:
    application.version += 1
    await application.save()
    async with in_transaction():
        await announce(ApplicationEvent(name, application, f"{application.id}:{application.version}", values))


async def held(account: Account) -> None:
    """As at night: what it has not been sent waits for the morning."""
    await Delivery.filter(account_id=account.id, state="pending").update(next_at=clock.now() + timedelta(hours=8))


async def applied(world: MessageWorld, name: str) -> tuple[Account, Application]:
    """A firm that was told `name` of an application in the night."""
    firm = await world.firm()
    application = await world.application(firm)
    await tell(application, name, remark="材料不清", date="2025-07-11")
    await held(firm)
    return firm, application


@pytest.mark.parametrize(
    ("earlier", "later_event"),
    [
        ("submitted", "withdrawn"),
        ("submitted", "approved"),
        ("rejected", "submitted"),
        ("approved", "expired"),
        ("approved_online", "done"),
        ("expiring", "expiring"),
        ("collect", "done"),
    ],
)
async def test_a_later_event_of_the_application_takes_back_what_it_undoes(
    world: MessageWorld, earlier: str, later_event: str
) -> None:
    firm, application = await applied(world, earlier)

    await tell(application, later_event, date="2025-07-11")

    first, *rest = await deliveries_of(firm)
    assert (str(first.state), first.reason) == ("superseded", UNDONE)
    assert {str(row.state) for row in rest} <= {"pending"}


async def test_what_is_undone_is_of_the_same_application_and_not_sent_yet(
    world: MessageWorld, outside: Outside
) -> None:
    firm = await world.firm()
    application, other = await world.application(firm), await world.application(firm, "李四")
    await tell(application, "approved")
    await outside.deliver_all()
    await tell(other, "approved")
    await held(firm)

    await tell(application, "expired")

    assert await states_of(firm, event="approved") == ["delivered", "pending"]


async def test_what_is_on_its_way_by_day_is_sent_however_quick_the_next_step(world: MessageWorld) -> None:
    firm = await world.firm()
    application = await world.application(firm)
    await tell(application, "submitted")

    await tell(application, "approved")

    assert await states_of(firm) == ["pending", "pending"]


@pytest.mark.parametrize("earlier", ["approved", "expiring"])
async def test_a_booking_takes_back_what_asks_for_one_from_those_who_are_booked(
    world: MessageWorld, earlier: str
) -> None:
    firm, booked = await applied(world, earlier)
    waiting = await world.application(firm, "李四")
    await tell(waiting, earlier, date="2025-07-11")
    await held(firm)

    await world.booked(firm, booked)

    assert await states_of(firm, event=earlier) == ["superseded", "pending"]
    assert set(await states_of(firm, event="booked")) == {"pending"}


def test_a_code_is_sent_for_as_long_as_it_lives() -> None:
    assert message_texts().events[EventName.RESET_CODE].good_for == CODE_LIFE.total_seconds() / 60


async def test_a_dead_code_is_not_sent(world: MessageWorld, outside: Outside, later: Later) -> None:
    firm = await world.firm()
    outside.sms.plan = {contact_of(firm): [TryLater(240, "busy", "忙")]}
    await send_code(firm, "493817", "reset", minutes=5)

    await outside.deliver_over(later, 0, 4.5, 9)

    assert len(outside.sms.to(contact_of(firm))) == 2
    assert [(str(row.state), row.reason) for row in await deliveries_of(firm)] == [("superseded", OUTDATED)]


async def test_of_two_codes_the_newer_is_sent(world: MessageWorld, outside: Outside) -> None:
    firm, openid = await bound_firm(world)
    other = await world.firm()
    for account, code in ((firm, "111111"), (other, "333333"), (firm, "222222")):
        await send_code(account, code, "reset", minutes=5)

    await outside.deliver_all()

    assert ["222222" in call.text for call in outside.sms.to(contact_of(firm))] == [True]
    assert ["222222" in call.text for call in outside.wechat.to(openid)] == [True]
    assert ["333333" in call.text for call in outside.sms.to(contact_of(other))] == [True]


async def test_a_code_in_doubt_is_not_repeated_once_there_is_a_newer_one(
    world: MessageWorld, outside: Outside, later: Later
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [InDoubt("没有回答")]}
    await send_code(firm, "111111", "reset", minutes=5)
    await outside.deliver_all()
    await Delivery.filter(account_id=firm.id, channel=Channel.SMS).delete()

    await send_code(firm, "222222", "reset", minutes=5)
    await outside.deliver_over(later, 0, 1, 2)

    assert ["111111" in call.text for call in outside.wechat.to(openid)].count(True) == 1
    assert (await only_delivery(firm, channel=Channel.SMS)).reason == ""
