"""The ledger of consents: each cause counted once, no balance below zero, whoever comes at the same time."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.messages import SubscribeCredit, SubscribeEntry
from server.messages.credits import balances, credits_of, grant, refuse, spend
from server.transactions import in_transaction
from tests.engines.engine import Engine

TEMPLATE = "SUBSCRIBE-PROGRESS"

Deed = Callable[[str, str, str], Coroutine[None, None, bool]]


@pytest.fixture
def openid(engine: Engine) -> str:
    """Somebody new: both engines."""
    return somebody()


def somebody() -> str:
    return f"o{uuid4().hex}"


async def held(openid: str) -> int:
    return (await balances(openid)).get(TEMPLATE, 0)


async def entered(openid: str) -> list[int]:
    entries = await SubscribeEntry.filter(openid=openid).order_by("id")
    return [entry.change for entry in entries]


async def test_each_consent_is_one_message(openid: str) -> None:
    await grant(openid, TEMPLATE, f"{openid}:1")
    await grant(openid, TEMPLATE, f"{openid}:2")
    await spend(openid, TEMPLATE, f"{openid}:sent")

    assert await credits_of([openid, somebody()], TEMPLATE) == {openid: 1}
    assert await entered(openid) == [1, 1, -1]


async def test_a_repeated_cause_counts_once(openid: str) -> None:
    results = [await grant(openid, TEMPLATE, f"{openid}:popup") for _ in range(3)]

    assert results == [True, False, False]
    assert await held(openid) == 1


async def test_a_cause_that_comes_ten_times_at_once_counts_once(openid: str) -> None:
    results = await asyncio.gather(*(grant(openid, TEMPLATE, f"{openid}:popup") for _ in range(10)))

    assert sorted(results) == [False] * 9 + [True]
    assert await held(openid) == 1


async def test_a_no_takes_everything_and_a_yes_begins_anew(openid: str) -> None:
    await grant(openid, TEMPLATE, f"{openid}:1")
    await grant(openid, TEMPLATE, f"{openid}:2")
    await refuse(openid, TEMPLATE, f"{openid}:no")
    refused = await SubscribeCredit.get(openid=openid)
    await grant(openid, TEMPLATE, f"{openid}:3")
    welcome = await SubscribeCredit.get(openid=openid)

    assert (refused.credits, welcome.credits) == (0, 1)
    assert (refused.refused_at is None, welcome.refused_at is None) == (False, True)
    assert await entered(openid) == [1, 1, -2, 1]


async def test_what_was_never_agreed_to_can_be_spent_and_leaves_zero(openid: str) -> None:
    """WeChat may know of a consent whose event never reached us."""
    counted = await spend(openid, TEMPLATE, f"{openid}:sent")

    assert (counted, await held(openid), await entered(openid)) == (True, 0, [0])


async def test_templates_and_people_are_counted_apart(openid: str) -> None:
    other = somebody()
    await grant(openid, TEMPLATE, f"{openid}:1")
    await grant(openid, "SUBSCRIBE-VISIT", f"{openid}:2")
    await spend(other, TEMPLATE, f"{other}:sent")

    assert await balances(openid) == {TEMPLATE: 1, "SUBSCRIBE-VISIT": 1}


async def test_a_change_that_is_rolled_back_is_not_counted(openid: str) -> None:
    class ChangedMyMind(Exception):
        pass

    async def grant_and_regret() -> None:
        async with in_transaction():
            await grant(openid, TEMPLATE, f"{openid}:1")
            raise ChangedMyMind

    with pytest.raises(ChangedMyMind):
        await grant_and_regret()

    assert await grant(openid, TEMPLATE, f"{openid}:1")
    assert await held(openid) == 1


async def test_twenty_grants_and_thirty_sends_at_once_never_go_below_zero(openid: str) -> None:
    deeds = [grant(openid, TEMPLATE, f"{openid}:yes:{n}") for n in range(20)]
    deeds += [spend(openid, TEMPLATE, f"{openid}:sent:{n}") for n in range(30)]

    counted = await asyncio.gather(*deeds)

    changes = await entered(openid)
    assert counted == [True] * 50
    assert await held(openid) == sum(changes)
    assert sum(changes) >= 0
    assert sorted(set(changes)) in ([-1, 0, 1], [-1, 1])


@dataclass
class Model:
    """The ledger as it should be."""

    credits: int = 0
    known: set[str] = field(default_factory=set)

    def does(self, deed: str, cause: str) -> bool:
        if cause in self.known:
            return False
        self.known.add(cause)
        after = {"grant": self.credits + 1, "spend": max(self.credits - 1, 0), "refuse": 0}
        self.credits = after[deed]
        return True


DEEDS: dict[str, Deed] = {"grant": grant, "spend": spend, "refuse": refuse}
stories = st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), st.integers(0, 12)), max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories)
async def test_any_story_leaves_what_the_model_says(engine: Engine, story: list[tuple[str, int]]) -> None:
    openid, model = somebody(), Model()

    for deed, number in story:
        cause = f"{openid}:{number}"
        assert await DEEDS[deed](openid, TEMPLATE, cause) is model.does(deed, cause)
        assert await held(openid) == model.credits

    assert sum(await entered(openid)) == model.credits


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories)
async def test_any_story_told_all_at_once_balances(engine: Engine, story: list[tuple[str, int]]) -> None:
    openid = somebody()

    counted = await asyncio.gather(*(DEEDS[deed](openid, TEMPLATE, f"{openid}:{number}") for deed, number in story))

    changes = await entered(openid)
    assert sum(counted) == len(changes) == len({number for _, number in story})
    assert await held(openid) == sum(changes)
    assert sum(changes) >= 0
