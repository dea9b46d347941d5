"""What an answer of a provider makes of a delivery: nothing but rules, so no engine."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from models.messages import Channel, Delivery, DeliveryState
from server.messages.channels import (
    Failed,
    InDoubt,
    Outcome,
    Refused,
    Sent,
    TryLater,
)
from server.messages.outcomes import PAUSES, after, is_alone, lapsed, paused, superseded

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(hours=24)
LONG = "长" * 400


def leased(channel: Channel = Channel.WECHAT, attempts: int = 0, first: datetime | None = None) -> Delivery:
    return Delivery(
        id=UUID(int=1), event="done", channel=channel, attempts=attempts, first_attempt_at=first, next_at=NOW
    )


@pytest.mark.parametrize(
    ("outcome", "channel", "columns"),
    [
        (
            Sent("77"),
            Channel.WECHAT,
            {"state": DeliveryState.SENT, "provider_id": "77", "error_code": "", "reason": ""},
        ),
        (
            Sent(""),
            Channel.SMS,
            {"state": DeliveryState.DELIVERED, "ended_at": NOW, "error_code": "", "reason": ""},
        ),
        (Sent(""), Channel.MINI_PROGRAM, {"state": DeliveryState.SENT, "error_code": "", "reason": ""}),
        (
            Refused("43004", "未关注"),
            Channel.WECHAT,
            {"state": DeliveryState.REFUSED, "ended_at": NOW, "error_code": "43004", "reason": "未关注"},
        ),
        (
            Failed("40037", "模板无效"),
            Channel.WECHAT,
            {"state": DeliveryState.FAILED, "ended_at": NOW, "error_code": "40037", "reason": "模板无效"},
        ),
        (
            Failed("40037", "模板无效", pauses="template:progress"),
            Channel.WECHAT,
            {
                "state": DeliveryState.FAILED,
                "ended_at": NOW,
                "error_code": "40037",
                "reason": "模板无效",
                PAUSES: "template:progress",
            },
        ),
    ],
    ids=["with a number", "no receipt will come", "a receipt without number", "refused", "failed", "all would fail"],
)
def test_a_definite_answer_is_written_as_it_is(outcome: Outcome, channel: Channel, columns: dict[str, object]) -> None:
    assert after(outcome, leased(channel), NOW) == columns


@pytest.mark.parametrize(
    "outcome",
    [Refused("9" * 40, LONG), Failed("9" * 40, LONG), TryLater(5, "9" * 40, LONG)],
    ids=["refused", "failed", "later"],
)
@pytest.mark.parametrize("first", [None, NOW - MINUTE], ids=["first", "after a doubt"])
def test_what_a_provider_says_never_outgrows_its_column(outcome: Outcome, first: datetime | None) -> None:
    columns = after(outcome, leased(first=first), NOW)

    assert (columns["error_code"], columns["reason"]) == ("9" * 32, "长" * 300)


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_doubt_tells_why_as_far_as_its_column_reaches(repeatable: bool) -> None:
    columns = after(InDoubt(LONG, repeatable), leased(), NOW)

    assert (columns["state"], columns["error_code"]) == (DeliveryState.IN_DOUBT, "in_doubt")
    assert columns["reason"] == "长" * 300
    assert set(columns) == {"state", "next_at", "error_code", "reason"}


@pytest.mark.parametrize(("attempts", "base"), [(0, 10), (1, 40), (2, 120), (3, 300), (4, 300), (9, 300)])
def test_a_doubt_is_repeated_after_ever_longer_times(attempts: int, base: int) -> None:
    waits = [
        (after(InDoubt("超时"), leased(attempts=attempts), NOW)["next_at"] - NOW).total_seconds() for _ in range(50)
    ]

    assert base * 0.8 <= min(waits) < base < max(waits) <= base * 1.2


@pytest.mark.parametrize(
    ("since_first", "repeated"),
    [(7 * MINUTE, True), (7.65 * MINUTE, True), (7.7 * MINUTE, False), (8 * MINUTE, False)],
    ids=["the provider still knows it", "just so", "it was the last time", "no longer"],
)
def test_a_doubt_is_repeated_only_while_the_provider_knows_its_name(since_first: timedelta, repeated: bool) -> None:
    first = NOW - since_first

    due = after(InDoubt("超时"), leased(first=first), NOW)["next_at"]

    assert (due < first + 8 * MINUTE) is repeated
    assert repeated or due == first + DAY


def test_a_doubt_whose_turn_would_come_too_late_is_repeated_shortly_before_it_is_too_late() -> None:
    first = NOW - 4 * MINUTE

    due = after(InDoubt("超时"), leased(attempts=3, first=first), NOW)["next_at"]

    assert due == first + 7 * MINUTE + timedelta(seconds=40)


def test_a_doubt_that_cannot_be_repeated_waits_a_day_from_its_first_attempt() -> None:
    assert after(InDoubt("超时", repeatable=False), leased(), NOW)["next_at"] == NOW + DAY
    assert after(InDoubt("超时", repeatable=False), leased(first=NOW - MINUTE), NOW)["next_at"] == NOW - MINUTE + DAY


def test_not_now_at_first_waits_as_long_as_the_provider_says() -> None:
    assert after(TryLater(5, "45009", "调用太频繁"), leased(), NOW) == {
        "state": DeliveryState.PENDING,
        "first_attempt_at": None,
        "next_at": NOW + timedelta(seconds=5),
        "error_code": "45009",
        "reason": "调用太频繁",
    }


@pytest.mark.parametrize(("asked", "least", "most"), [(5, 32, 48), (600, 600, 600)], ids=["our word", "its word"])
def test_not_now_again_waits_for_the_longer_of_two_words(asked: int, least: int, most: int) -> None:
    due = after(TryLater(asked, "45009", "调用太频繁"), leased(attempts=1), NOW)["next_at"]

    assert timedelta(seconds=least) <= due - NOW <= timedelta(seconds=most)


def test_the_fifth_not_now_is_the_last() -> None:
    busy = TryLater(5, "-1", "系统繁忙")

    assert after(busy, leased(attempts=3), NOW)["state"] is DeliveryState.PENDING
    assert after(busy, leased(attempts=4), NOW) == {
        "state": DeliveryState.FAILED,
        "ended_at": NOW,
        "error_code": "-1",
        "reason": "已尝试5次：系统繁忙",
    }


def test_not_now_after_a_doubt_leaves_the_doubt() -> None:
    columns = after(TryLater(5, "-1", "系统繁忙"), leased(attempts=4, first=NOW - MINUTE), NOW)

    assert (columns["state"], columns["error_code"]) == (DeliveryState.IN_DOUBT, "-1")


def test_a_limit_that_passes_is_no_try_for_a_day() -> None:
    limited, young, old = (
        TryLater(3600, "limit", "1小时内条数已满", counts=False),
        leased(attempts=4),
        leased(attempts=4),
    )
    young.created_at, old.created_at = NOW - DAY + MINUTE, NOW - DAY

    waiting = after(limited, young, NOW)

    assert (waiting["state"], waiting["attempts"]) == (DeliveryState.PENDING, 4)
    assert waiting["next_at"] == NOW + timedelta(hours=1)
    assert after(limited, old, NOW)["state"] is DeliveryState.FAILED


@pytest.mark.parametrize(
    ("channel", "since_first"),
    [(Channel.WECHAT, None), (Channel.SMS, None), (Channel.WECHAT, 7 * MINUTE)],
    ids=["never tried", "never tried by SMS", "the provider knows its name"],
)
def test_what_may_be_sent_has_not_lapsed(channel: Channel, since_first: timedelta | None) -> None:
    assert lapsed(leased(channel, first=since_first and NOW - since_first), NOW) is None


@pytest.mark.parametrize(
    ("channel", "since_first"),
    [(Channel.WECHAT, 8 * MINUTE), (Channel.SMS, MINUTE), (Channel.MINI_PROGRAM, MINUTE)],
)
def test_what_may_have_arrived_and_cannot_be_repeated_waits_for_its_receipt(
    channel: Channel, since_first: timedelta
) -> None:
    first = NOW - since_first

    assert lapsed(leased(channel, first=first), NOW) == {
        "state": DeliveryState.IN_DOUBT,
        "next_at": first + DAY,
        "error_code": "in_doubt",
        "reason": "已发出但未收到回答",
    }


def test_after_a_day_without_a_receipt_it_is_given_up() -> None:
    assert lapsed(leased(first=NOW - DAY), NOW) == {
        "state": DeliveryState.FAILED,
        "ended_at": NOW,
        "error_code": "unknown",
        "reason": "结果未知：已发出，24小时内没有收到回执",
    }


def test_what_is_not_sent_says_why() -> None:
    assert paused(NOW) == {
        "state": DeliveryState.FAILED,
        "ended_at": NOW,
        "error_code": "paused",
        "reason": "渠道或模板暂停发送已久，有短信的已改发短信；恢复发送后可重试",
    }
    assert superseded(NOW, "预约已变更，不再发送") == {
        "state": DeliveryState.SUPERSEDED,
        "ended_at": NOW,
        "error_code": "",
        "reason": "预约已变更，不再发送",
    }


@pytest.mark.parametrize(
    ("channel", "state", "alone"),
    [
        (Channel.WECHAT, DeliveryState.SENT, True),
        (Channel.SMS, DeliveryState.DELIVERED, True),
        (Channel.MINI_PROGRAM, DeliveryState.IN_DOUBT, True),
        (Channel.MINI_PROGRAM, DeliveryState.SENT, False),
        (Channel.MINI_PROGRAM, DeliveryState.DELIVERED, False),
        (Channel.SMS, DeliveryState.FAILED, False),
        (Channel.WECHAT, DeliveryState.REFUSED, False),
    ],
)
def test_a_failure_and_a_spent_credit_have_consequences(channel: Channel, state: DeliveryState, alone: bool) -> None:
    assert is_alone(leased(channel), {"state": state}) is alone
