"""Chaos: every kind of fault at random, the same way for the same seed."""

from collections import Counter

import aiohttp
import pytest

from tests.simulator.app import Simulator
from tests.simulator.chaos import HARMLESS, Chaos, Kind, Storm
from tests.simulator.conftest import Caller, StubService
from tests.simulator.faults import Fault, Faults
from tests.simulator.phones import Phone

SEND = "/cgi-bin/message/template/send"


def storm(seed: int = 7, rate: float = 0.5, *kinds: Kind) -> tuple[Storm, list[str]]:
    """And the deaths of tokens it caused."""
    deaths: list[str] = []
    chosen = Chaos(seed=seed, rate=rate, **({"kinds": kinds} if kinds else {}))
    return Storm(chosen, lambda: deaths.append("all")), deaths


def met(weather: Storm, calls: int = 400) -> list[Fault | None]:
    return [weather.next_for(SEND) for _ in range(calls)]


def test_the_same_seed_is_the_same_storm_and_another_is_another() -> None:
    assert met(storm(1)[0]) == met(storm(1)[0])
    assert met(storm(1)[0]) != met(storm(2)[0])


def test_every_kind_comes_about_as_often_as_asked() -> None:
    weather, deaths = storm(7, 0.5)
    faults = [fault for fault in met(weather, 2000) if fault]

    kinds = Counter((fault.errcode, fault.drop, fault.status is not None, fault.delay > 0) for fault in faults)
    assert len(kinds) == len(HARMLESS) - 1
    assert 800 < len(faults) + len(deaths) < 1200
    assert deaths


def test_a_definite_no_is_only_said_when_asked_for() -> None:
    gentle = {fault.errcode for fault in met(storm()[0], 2000) if fault}
    hard = {fault.errcode for fault in met(storm(7, 1, "refused")[0]) if fault}

    assert gentle == {None, -1, 45011, 43108}
    assert hard == {43004, 43101, 40003}


def test_what_was_asked_for_comes_before_what_happens_by_chance() -> None:
    faults = Faults()
    faults.weather = storm(7, 1, "gateway")[0]
    faults.add(Fault(endpoint="template/send", errcode=40037))

    first, second = faults.next_for(SEND), faults.next_for(SEND)

    assert first is not None
    assert second is not None
    assert (first.errcode, second.errcode) == (40037, None)
    assert second.status is not None


@pytest.mark.parametrize(
    "chaos", [{}, {"seed": 1, "rate": 2}, {"seed": 1, "kinds": ["earthquake"]}, {"seed": 1, "kinds": []}]
)
async def test_a_chaos_that_makes_no_sense_is_refused(caller: Caller, chaos: dict[str, object]) -> None:
    assert (await caller.post("/_/chaos", chaos))["errcode"] == 47001
    assert await caller.get("/_/chaos") == {}


async def test_chaos_is_switched_on_and_off(caller: Caller, simulator: Simulator, follower: Phone) -> None:
    await caller.new_token()
    told = await caller.post("/_/chaos", {"seed": 7, "rate": 1, "kinds": ["lost_reply"]})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await caller.new_token()
    await caller.http.delete(f"{caller.url}/_/chaos")

    assert told["kinds"] == ["lost_reply"]
    assert (await caller.send(follower))["errcode"] == 0


async def test_a_dead_token_is_refused_at_once(caller: Caller, follower: Phone) -> None:
    token = (await caller.new_token())["access_token"]
    await caller.post("/_/chaos", {"seed": 7, "rate": 1, "kinds": ["dead_token"]})

    assert (await caller.post(SEND, {"touser": follower.openid}, access_token=token))["errcode"] == 40001


async def test_callbacks_are_out_in_the_storm_too(caller: Caller, service: StubService, phone: Phone) -> None:
    await caller.post("/_/chaos", {"seed": 7, "rate": 1, "kinds": ["lost_reply"]})

    push = await caller.on_phone(phone, "follow")

    assert (push["tries"], push["acknowledged"]) == (3, False)
    assert service.events() == ["subscribe"] * 3
