"""Tokens as either interface gives them: given out, replaced, killed."""

from typing import Any

import pytest

from tests.simulator.app import Simulator
from tests.simulator.conftest import TEMPLATE, Caller, Time
from tests.simulator.phones import Phone

SEND = "/cgi-bin/message/template/send"


async def test_a_stable_token_is_the_same_for_everybody_until_shortly_before_its_end(
    caller: Caller, time: Time
) -> None:
    first = await caller.new_token()
    second = await caller.new_token()
    time.later = 7200 - 299
    renewed = await caller.new_token()

    assert first["access_token"] == second["access_token"]
    assert first["expires_in"] == 7200
    assert renewed["access_token"] != first["access_token"]


async def test_the_old_token_works_on_for_its_last_five_minutes(
    caller: Caller, simulator: Simulator, time: Time, follower: Phone
) -> None:
    old = (await caller.new_token())["access_token"]
    time.later = 7200 - 200
    await caller.new_token()
    body = {"touser": follower.openid, "template_id": TEMPLATE, "data": {"thing1": {"value": "值"}}}

    overlap = await caller.post(SEND, body, access_token=old)
    time.later = 7200
    over = await caller.post(SEND, body, access_token=old)

    assert (overlap["errcode"], over["errcode"]) == (0, 42001)


async def test_a_forced_refresh_kills_the_old_token_at_once_and_is_rare(caller: Caller) -> None:
    old = (await caller.new_token())["access_token"]

    forced = await caller.new_token(force_refresh=True)
    again = await caller.new_token(force_refresh=True)

    assert forced["access_token"] != old
    assert (await caller.post(SEND, {}, access_token=old))["errcode"] == 40001
    assert again["errcode"] == 45011


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"secret": "wrong"}, 40125), ({"appid": "wx-unknown"}, 40013), ({"grant_type": "password"}, 40002)],
)
async def test_a_token_is_given_only_to_its_app(caller: Caller, changes: dict[str, str], code: int) -> None:
    answer = await caller.new_token(**changes)

    assert answer["errcode"] == code
    assert "access_token" not in answer


@pytest.mark.parametrize(("token", "code"), [("", 41001), ("made-up", 40001)])
async def test_without_a_good_token_nothing_is_done(caller: Caller, follower: Phone, token: str, code: int) -> None:
    answer = await caller.post(SEND, {"touser": follower.openid}, access_token=token)

    assert answer["errcode"] == code
    assert follower.messages == []


async def test_every_token_given_out_can_be_killed(caller: Caller, follower: Phone) -> None:
    token = (await caller.new_token())["access_token"]

    await caller.post("/_/tokens/kill")

    assert (await caller.post(SEND, {}, access_token=token))["errcode"] == 40001


async def plain_token(caller: Caller, **changes: str) -> Any:
    query = {"grant_type": "client_credential", "appid": caller.appid, "secret": caller.secret, **changes}
    return await caller.get("/cgi-bin/token", **query)


@pytest.mark.parametrize(
    ("mode", "later", "code"), [("overlap", 299, 0), ("overlap", 300, 42001), ("strict", 0, 40001)]
)
async def test_a_plain_token_ends_the_one_before_at_once_or_after_five_minutes(
    caller: Caller, follower: Phone, time: Time, mode: str, later: int, code: int
) -> None:
    await caller.post("/_/switches", {"token_mode": mode})
    old = (await plain_token(caller))["access_token"]
    new = (await plain_token(caller))["access_token"]
    time.later = later
    body = {"touser": follower.openid, "template_id": TEMPLATE, "data": {"thing1": {"value": "值"}}}

    answers = [await caller.post(SEND, body, access_token=token) for token in (old, new)]

    assert [answer["errcode"] for answer in answers] == [code, 0]


async def test_plain_and_stable_tokens_leave_each_other_alone(caller: Caller, follower: Phone) -> None:
    await caller.post("/_/switches", {"token_mode": "strict"})
    stable = (await caller.new_token())["access_token"]
    plain = (await plain_token(caller))["access_token"]
    await plain_token(caller)

    assert (await caller.new_token())["access_token"] == stable
    assert (await caller.post(SEND, {}, access_token=plain))["errcode"] == 40001
    assert (await caller.send(follower))["errcode"] == 0


@pytest.mark.parametrize(
    ("changes", "code"), [({"secret": "wrong"}, 40001), ({"appid": "wx-unknown"}, 40013), ({"grant_type": "x"}, 40002)]
)
async def test_a_plain_token_is_given_only_to_its_app(caller: Caller, changes: dict[str, str], code: int) -> None:
    assert (await plain_token(caller, **changes))["errcode"] == code


async def test_plain_tokens_are_two_thousand_a_day(caller: Caller, simulator: Simulator, time: Time) -> None:
    tokens = simulator.platform.tokens[caller.appid]
    for _ in range(2000):
        tokens.plain()

    refused = await plain_token(caller)
    time.later = 86400
    next_day = await plain_token(caller)

    assert refused["errcode"] == 45009
    assert next_day["access_token"]


async def test_each_app_has_tokens_of_its_own(caller: Caller, follower: Phone) -> None:
    of_the_mini_program = await caller.mini_token()

    answer = await caller.post(SEND, {"touser": follower.openid}, access_token=of_the_mini_program)

    assert answer["errcode"] == 40001


async def test_tokens_live_as_long_as_the_switch_says(caller: Caller, time: Time) -> None:
    await caller.post("/_/switches", {"token_seconds": 400})
    first = await caller.new_token()
    time.later = 101
    second = await caller.new_token()

    assert first["expires_in"] == 400
    assert second["access_token"] != first["access_token"]
