"""Faults on request: errcodes, statuses, lost requests and replies, delays."""

import aiohttp
import pytest

from tests.simulator.app import Simulator
from tests.simulator.conftest import Caller
from tests.simulator.faults import Fault
from tests.simulator.phones import Phone


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(caller: Caller, body: bytes) -> None:
    async with caller.http.post(f"{caller.url}/cgi-bin/stable_token", data=body) as answer:
        assert (await answer.json())["errcode"] == 47001


async def test_an_injected_errcode_comes_as_often_as_asked(caller: Caller, follower: Phone) -> None:
    await caller.post("/_/faults", {"endpoint": "template/send", "errcode": -1, "times": 2})

    answers = [(await caller.send(follower))["errcode"] for _ in range(3)]

    assert answers == [-1, -1, 0]
    assert len(follower.messages) == 1


@pytest.mark.parametrize(("drop", "shown"), [("request", 0), ("reply", 1)])
async def test_a_dropped_request_did_nothing_and_a_dropped_reply_did(
    caller: Caller, follower: Phone, drop: str, shown: int
) -> None:
    await caller.new_token()
    await caller.post("/_/faults", {"endpoint": "template/send", "drop": drop})

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await caller.send(follower)

    assert len(follower.messages) == shown


async def test_a_delayed_reply_comes(caller: Caller, simulator: Simulator, follower: Phone) -> None:
    simulator.faults.add(Fault(endpoint="template/send", delay=0.01))

    assert (await caller.send(follower))["errcode"] == 0


async def test_a_proxy_in_between_may_answer(caller: Caller) -> None:
    await caller.post("/_/faults", {"endpoint": "stable_token", "status": 502})

    async with caller.http.post(f"{caller.url}/cgi-bin/stable_token") as answer:
        assert answer.status == 502
