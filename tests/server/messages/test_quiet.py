"""Quiet hours, 21:00 to 08:00 in Beijing: what can wait does, what cannot goes at once, the app shows all at once."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import settings
from models.messages import Channel
from server import clock
from server.clock import at
from server.messages.announce import announce, send_code
from server.messages.channels import Refused, Sent, TryLater
from server.messages.events import ApplicationEvent, EventName
from server.messages.quiet import after_quiet, due_at
from server.messages.texts import message_texts
from tests.engines.engine import Engine
from tests.fakes_messages import (
    MessageWorld,
    Outside,
    bound_firm,
    contact_of,
    deliveries_of,
    messages_of,
    only_delivery,
    tell_done,
)

DAY = date(2026, 12, 1)
NEXT = date(2026, 12, 2)

Clock = Callable[[date, str], None]


@pytest.fixture
def quiet(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Other tests run at night as by day; these keep the quiet hours."""
    monkeypatch.setenv("ZCGL_QUIET_HOURS", "true")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def it_is(quiet: None) -> Iterator[Clock]:
    """Set the clock to a time of day in Beijing."""

    def move(day: date, hh_mm: str) -> None:
        clock.set_offset(0)
        clock.set_offset((at(day, hh_mm) - clock.now()).total_seconds())

    yield move
    clock.set_offset(0)


@pytest.mark.parametrize(
    ("now", "day", "earliest"),
    [("20:59", DAY, "20:59"), ("21:00", NEXT, "08:00"), ("23:59", NEXT, "08:00")],
)
def test_the_evening_waits_for_the_next_morning(now: str, day: date, earliest: str) -> None:
    due = after_quiet(at(DAY, now))

    assert at(day, earliest) <= due <= at(day, earliest) + timedelta(minutes=10)


@pytest.mark.parametrize(("now", "earliest"), [("00:00", "08:00"), ("07:59", "08:00"), ("08:00", "08:00")])
def test_the_night_waits_for_its_own_morning(now: str, earliest: str) -> None:
    due = after_quiet(at(DAY, now))

    assert at(DAY, earliest) <= due <= at(DAY, earliest) + timedelta(minutes=10)


@given(moment=st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: at(DAY, "00:00") + timedelta(minutes=minutes)))
def test_nothing_is_due_at_night_nor_before_its_time_nor_a_day_late(moment: datetime) -> None:
    due = after_quiet(moment)

    assert "08:00" <= f"{due.astimezone(clock.SHANGHAI):%H:%M}" < "21:00"
    assert moment <= due <= moment + timedelta(hours=11, minutes=10)
    assert after_quiet(due) == due


def test_what_waits_and_what_does_not(quiet: None) -> None:
    night = at(DAY, "23:00")

    waiting = {name for name in EventName if due_at(night, name) != night}

    assert waiting == {
        *("submitted", "rejected", "approved", "approved_online", "no_show", "collect", "done", "expiring", "expired"),
        "notice",
    }


def test_an_operator_may_send_at_night(database: Engine) -> None:
    assert due_at(at(DAY, "23:00"), EventName.DONE) == at(DAY, "23:00")


async def test_at_night_the_app_shows_it_and_the_sms_waits(world: MessageWorld, outside: Outside, it_is: Clock) -> None:
    firm = await world.firm()
    it_is(DAY, "22:30")

    await tell_done(world, firm)
    await outside.deliver_all()
    at_night = outside.sms.to(contact_of(firm))
    it_is(NEXT, "08:11")
    await outside.deliver_all()

    assert len(await messages_of(firm)) == 1
    assert (len(at_night), len(outside.sms.to(contact_of(firm)))) == (0, 1)


async def test_a_code_and_a_booking_do_not_wait(world: MessageWorld, outside: Outside, it_is: Clock) -> None:
    firm, openid = await bound_firm(world)
    it_is(DAY, "23:30")

    await send_code(firm, "493817", "reset")
    await world.booked(firm, await world.application(firm))
    await outside.deliver_all()

    assert len(outside.wechat.to(openid)) == 2
    assert {str(row.state) for row in await deliveries_of(firm)} == {"sent", "delivered"}


async def test_a_retry_that_would_fall_into_the_night_waits_too(
    world: MessageWorld, outside: Outside, it_is: Clock
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [TryLater(600, "45011", "每分钟次数已用完"), Sent("m1")]}
    it_is(DAY, "20:55")

    await tell_done(world, firm)
    await outside.deliver_all()

    assert (await only_delivery(firm)).next_at >= at(NEXT, "08:00")


async def test_the_sms_that_follows_a_failure_at_night_waits(
    world: MessageWorld, outside: Outside, it_is: Clock
) -> None:
    firm, openid = await bound_firm(world)
    outside.wechat.plan = {openid: [Refused("43004", "用户未关注服务号")]}
    it_is(DAY, "20:50")
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))
    it_is(DAY, "21:30")

    await outside.deliver_all()

    assert (await only_delivery(firm, channel=Channel.SMS)).next_at >= at(NEXT, "08:00")


def test_the_hours_are_in_the_file() -> None:
    assert (message_texts().quiet.start, message_texts().quiet.end) == ("21:00", "08:00")
