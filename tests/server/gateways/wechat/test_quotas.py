"""How fast WeChat is asked: in turn, not faster than allowed, and not at all once its quota is used up."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gateways.wechat.errors import QUOTA, WXA_CODE, ApiError, NotSent
from server.gateways.wechat.quotas import TEXT_CHECK, Quotas, TokenBucket

SENDS = ("cgi-bin/message/template/send", "cgi-bin/message/subscribe/send")
MORNING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@dataclass
class Time:
    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Day:
    moment: datetime = MORNING

    def __call__(self) -> datetime:
        return self.moment


def test_a_seconds_worth_goes_at_once_and_the_rest_in_turn() -> None:
    bucket = TokenBucket(10, now=Time())

    waits = [bucket.reserve() for _ in range(13)]

    assert waits[:10] == [0.0] * 10
    assert waits[10:] == pytest.approx([0.1, 0.2, 0.3])


def test_what_was_not_used_is_kept_for_a_second_only() -> None:
    time = Time()
    bucket = TokenBucket(10, now=time)
    for _ in range(10):
        bucket.reserve()

    time.seconds += 3600

    assert [bucket.reserve() for _ in range(11)] == [*[0.0] * 10, pytest.approx(0.1)]


def test_a_turn_too_far_away_is_not_taken() -> None:
    bucket = TokenBucket(1, now=Time())
    bucket.reserve()
    bucket.reserve()

    assert bucket.reserve(patience=1.5) is None
    assert bucket.reserve(patience=2.5) == pytest.approx(2.0)


@given(rate=st.floats(0.2, 500), pauses=st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_no_second_sees_more_than_its_rate_beside_what_was_saved(rate: float, pauses: list[float]) -> None:
    time = Time()
    bucket = TokenBucket(rate, now=time)
    turns = []
    for pause in pauses:
        time.seconds += pause
        turns.append(time.seconds + (bucket.reserve() or 0))

    for start, first in enumerate(turns):
        for end in range(start, len(turns)):
            assert end - start + 1 <= (turns[end] - first) * rate + max(rate, 1) + 1.001


async def test_a_quota_used_up_is_not_asked_again_before_midnight_in_beijing() -> None:
    day = Day()
    quotas = Quotas(now=day)
    quotas.learn(ApiError(QUOTA, "", SENDS[0]))

    with pytest.raises(ApiError) as refused:
        await quotas.turn(SENDS[0])
    await quotas.turn(SENDS[1])
    day.moment = datetime(2026, 11, 24, 16, 0, 2, tzinfo=UTC)
    await quotas.turn(SENDS[0])

    assert (refused.value.code, refused.value.endpoint) == (QUOTA, SENDS[0])


async def test_codes_come_back_after_a_minute() -> None:
    day = Day()
    quotas = Quotas(now=day)
    quotas.learn(ApiError(QUOTA, "", WXA_CODE))

    day.moment += timedelta(seconds=61)

    await quotas.turn(WXA_CODE)


async def test_another_refusal_closes_nothing() -> None:
    quotas = Quotas(now=Day())

    quotas.learn(ApiError(43004, "", SENDS[0]))

    await quotas.turn(SENDS[0])


async def test_whoever_waits_for_an_answer_is_not_kept_in_a_long_queue() -> None:
    quotas = Quotas(now=Day())

    turns = [asyncio.create_task(quotas.turn(TEXT_CHECK)) for _ in range(1000)]
    await asyncio.sleep(0)
    refused = [turn for turn in turns if turn.done() and isinstance(turn.exception(), NotSent)]
    for turn in turns:
        turn.cancel()

    assert 0 < len(refused) < 1000
