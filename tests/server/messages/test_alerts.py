"""Alerts: one a fault while it is open, counted; closed by staff or by the end of its cause."""

import asyncio
from uuid import uuid4

import pytest

from models.audit import AuditEntry
from models.messages import Alert
from server.messages.alerts import (
    AlertNotFound,
    AlreadyResolved,
    close_alert,
    list_alerts,
    raise_alert,
    resolve_alert,
)
from tests.engines.engine import Engine
from tests.server.messages.test_ledger import ADMIN


@pytest.fixture
def subject(engine: Engine) -> str:
    """A fault nobody else has: both engines."""
    return f"channel:{uuid4().hex}"


async def alerts_on(subject: str) -> list[Alert]:
    return await Alert.filter(subject=subject).order_by("id")


async def test_the_same_fault_alerts_once_and_is_counted(subject: str) -> None:
    opened = [await raise_alert("channel_stopped", subject, f"第{n}次") for n in (1, 2, 3)]

    (alert,) = await alerts_on(subject)
    assert opened == [True, False, False]
    assert (alert.times, alert.text) == (3, "第3次")


async def test_a_fault_that_shows_itself_ten_times_at_once_alerts_once(subject: str) -> None:
    opened = await asyncio.gather(*(raise_alert("channel_stopped", subject, "停了") for _ in range(10)))

    (alert,) = await alerts_on(subject)
    assert sorted(opened) == [False] * 9 + [True]
    assert alert.times == 10


async def test_staff_resolve_it_once_and_on_record_and_it_may_come_again(subject: str) -> None:
    await raise_alert("channel_stopped", subject, "停了")
    (alert,) = await alerts_on(subject)

    resolved = await resolve_alert(alert.id, ADMIN)
    with pytest.raises(AlreadyResolved):
        await resolve_alert(alert.id, ADMIN)
    await raise_alert("channel_stopped", subject, "又停了")

    trail = await AuditEntry.get(object_id=str(alert.id))
    assert (resolved.resolved_by, trail.action) == (ADMIN.name, "resolve_alert")
    assert [(row.text, row.resolved_at is None) for row in await alerts_on(subject)] == [
        ("停了", False),
        ("又停了", True),
    ]


async def test_an_alert_ends_with_its_cause(subject: str) -> None:
    await raise_alert("channel_stopped", subject, "停了")

    closed = [await close_alert(subject, "系统"), await close_alert(subject, "系统")]

    assert closed == [True, False]


async def test_an_unknown_alert_is_not_found(engine: Engine) -> None:
    with pytest.raises(AlertNotFound):
        await resolve_alert(uuid4(), ADMIN)


async def test_the_list_is_newest_first_in_pages_and_by_state(subject: str) -> None:
    for n in range(3):
        await raise_alert("channel_stopped", f"{subject}{n}", "停了")
    await close_alert(f"{subject}2", "系统")

    first, cursor = await list_alerts(resolved=False, cursor=None, limit=1)
    second, _ = await list_alerts(resolved=False, cursor=cursor, limit=1)
    closed, _ = await list_alerts(resolved=True, cursor=None, limit=1)

    assert [row.subject for row in (*first, *second, *closed)] == [f"{subject}{n}" for n in (1, 0, 2)]
