"""Questions of one moment go out as one, and each asker gets his own answer."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from server.together import MOST, Together


class Oracle:
    """Doubles numbers, one call at a time, when the test lets it."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.called, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def __call__(self, questions: Sequence[int]) -> list[int]:
        self.calls.append(list(questions))
        self.called.set()
        await self.gate.wait()
        if -1 in questions:
            raise ValueError("-1")
        return [2 * question for question in questions]


async def test_a_lone_question_is_asked_at_once() -> None:
    oracle = Oracle()

    assert await Together(oracle)(4) == 8
    assert oracle.calls == [[4]]


async def test_whoever_comes_while_a_call_is_under_way_shares_the_next_one() -> None:
    oracle = Oracle()
    together = Together(oracle)
    oracle.gate.clear()
    first = together(1)
    await oracle.called.wait()
    later = [together(number) for number in (2, 3, 4)]
    await asyncio.sleep(0)

    oracle.gate.set()

    assert await asyncio.gather(first, *later) == [2, 4, 6, 8]
    assert oracle.calls == [[1], [2, 3, 4]]


async def test_a_call_carries_a_limited_number_of_questions() -> None:
    oracle = Oracle()

    answers = await asyncio.gather(*map(Together(oracle), range(MOST + 5)))

    assert answers == [2 * number for number in range(MOST + 5)]
    assert [len(call) for call in oracle.calls] == [MOST, 5]


async def test_a_failure_reaches_everyone_who_shared_the_call_and_nobody_else() -> None:
    together = Together(Oracle())

    failed = await asyncio.gather(together(-1), together(1), return_exceptions=True)

    assert [type(answer) for answer in failed] == [ValueError, ValueError]
    assert await together(1) == 2


async def test_one_who_leaves_takes_nothing_from_the_others() -> None:
    oracle = Oracle()
    together = Together(oracle)
    oracle.gate.clear()
    leaving, staying = together(1), together(2)
    await oracle.called.wait()

    leaving.cancel()
    oracle.gate.set()

    assert await staying == 4
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_call_knows_nothing_of_whoever_asked_first() -> None:
    """His transaction, for one: it would end before the others have their answers."""
    whose: ContextVar[str] = ContextVar("whose", default="nobody's")

    async def answer(questions: Sequence[int]) -> list[str]:
        return [whose.get()] * len(questions)

    whose.set("the first's")

    assert await Together(answer)(1) == "nobody's"
