"""The shared access token: one fetch for all who need it, one replacement when it is bad."""

import asyncio
from dataclasses import dataclass, field

import pytest

from server.gateways.wechat.errors import CallFailed, NotSent
from server.gateways.wechat.token import AccessToken, FreshToken
from tests.server.gateways.wechat.conftest import MemoryShelf


@dataclass
class World:
    """WeChat's side, and a clock that a test moves. Every answer is a new token unless `same` is set."""

    seconds: float = 7200
    same: bool = False
    failure: CallFailed | None = None
    time: float = 0
    fetches: int = 0
    shelf: MemoryShelf = field(default_factory=MemoryShelf)

    async def fetch(self) -> FreshToken:
        self.fetches += 1
        number = 1 if self.same else self.fetches
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        return FreshToken(f"token-{number}", self.seconds)

    def owner(self) -> AccessToken:
        """One process's access to the token."""
        return AccessToken(self.fetch, self.shelf, now=lambda: self.time)


async def test_a_crowd_at_a_cold_start_fetches_once() -> None:
    world = World()
    owner = world.owner()

    tokens = await asyncio.gather(*(owner.current() for _ in range(200)))

    assert {token.value for token in tokens} == {"token-1"}
    assert world.fetches == 1


async def test_a_crowd_with_one_bad_token_replaces_it_once() -> None:
    world = World()
    owner = world.owner()
    bad = await owner.current()

    tokens = await asyncio.gather(*(owner.replace(bad) for _ in range(200)))

    assert {token.value for token in tokens} == {"token-2"}
    assert world.fetches == 2


async def test_two_processes_at_a_cold_start_share_one_fetch() -> None:
    world = World()
    owners = [world.owner(), world.owner()]

    tokens = await asyncio.gather(*(owner.current() for owner in owners for _ in range(20)))

    assert {token.value for token in tokens} == {"token-1"}
    assert world.fetches == 1


async def test_two_processes_with_one_bad_token_share_its_replacement() -> None:
    world = World()
    owners = [world.owner(), world.owner()]
    bad = [await owner.current() for owner in owners]

    first = await owners[0].replace(bad[0])
    late = await owners[1].replace(bad[1])

    assert first.value == late.value == "token-2"
    assert world.fetches == 2
    assert world.shelf.token is not None
    assert world.shelf.token.value == "token-2"


async def test_whoever_reserved_and_died_is_not_waited_for_for_ever() -> None:
    world = World(shelf=MemoryShelf(taken=True))

    assert (await world.owner().current()).value == "token-1"


async def test_a_token_is_left_before_wechat_leaves_it() -> None:
    world = World()
    owner = world.owner()
    await owner.current()

    world.time = 7200 - 240 - 1
    kept = await owner.current()
    world.time = 7200 - 240
    world.shelf.token = None  # it ends there at the same moment
    renewed = await owner.current()

    assert (kept.value, renewed.value) == ("token-1", "token-2")


async def test_a_token_that_wechat_hands_out_shortly_before_its_end_is_used_all_the_same() -> None:
    world = World(seconds=100)
    owner = world.owner()

    await owner.current()
    world.time = 89

    assert (await owner.current()).value == "token-1"
    assert world.fetches == 1


async def test_a_failed_fetch_is_everybodys_failure_and_asked_once() -> None:
    world = World(failure=NotSent("no connection"))
    owner = world.owner()

    outcomes = await asyncio.gather(*(owner.current() for _ in range(50)), return_exceptions=True)

    assert all(isinstance(outcome, NotSent) for outcome in outcomes)
    assert world.fetches == 1


async def test_the_next_caller_after_a_failure_asks_again() -> None:
    world = World(failure=NotSent("no connection"))
    owner = world.owner()
    with pytest.raises(NotSent):
        await owner.current()

    world.failure = None

    assert (await owner.current()).value == "token-2"


async def test_the_very_token_handed_out_again_is_not_asked_for_again_at_once() -> None:
    world = World(same=True)
    owner = world.owner()
    token = await owner.current()

    for _ in range(20):
        token = await owner.replace(token)

    assert world.fetches == 2


async def test_after_a_pause_the_same_bad_token_is_asked_about_once_more() -> None:
    world = World(same=True)
    owner = world.owner()
    token = await owner.replace(await owner.current())

    world.time = 10.0
    world.same = False
    token = await owner.replace(token)

    assert token.value == "token-3"


async def test_only_the_bad_token_is_taken_off_the_shelf() -> None:
    world = World()
    owner = world.owner()
    bad = await owner.current()
    world.shelf.token = FreshToken("of-a-neighbour", 7000)

    token = await owner.replace(bad)

    assert token.value == "of-a-neighbour"
    assert world.fetches == 1
