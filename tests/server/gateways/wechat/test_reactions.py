"""Every errcode of the contract said by WeChat to each channel: one outcome for each, nothing dropped in silence."""

from collections.abc import Callable
from uuid import UUID

import pytest

from models.messages import Channel
from server.gateways.wechat.channel import MiniProgramChannel, OfficialAccountChannel
from server.gateways.wechat.errors import VERDICTS
from server.messages.channels import Failed, InDoubt, Outgoing, Refused, Sender, TryLater
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault

ENDPOINTS = {Channel.WECHAT: "message/template/send", Channel.MINI_PROGRAM: "message/subscribe/send"}

# From the documented meaning of each code (wechat.md §3), not from the code under test.
LATER = {-1: (5, 7), 40001: (60, 62), 40014: (60, 62), 42001: (60, 62), 43108: (1, 3), 45011: (60, 62)}
FOR_THIS_PERSON = {40003, 40226, 43004, 43101, 43104, 45047}
FOR_THIS_MESSAGE = {40008, 40036, 40037, 40039, 40097, 40129, 40169, 41030, 44002, 45168, 47001, 47003}
FOR_THE_TEMPLATE = {40249, 43107, 43116}
FOR_THE_CHANNEL = {40013, 40125, 40164, 45103, 48001}
OF_A_DAY = {45009}
ONLY_OF_A_CODE = {40029, 40163, 41008}  # for the person too, although no message is answered so


@pytest.fixture
def senders(channel: OfficialAccountChannel, mini_channel: MiniProgramChannel) -> dict[Channel, Sender]:
    return {Channel.WECHAT: channel, Channel.MINI_PROGRAM: mini_channel}


@pytest.fixture
def told(simulator: Simulator, follower: str) -> Callable[..., Outgoing]:
    """Let WeChat say `fault` to the next tries of a channel; what is to be sent there."""

    def tell(channel: Channel, *, endpoint: str = "", times: int = 1, **fault: object) -> Outgoing:
        chosen = {"endpoint": endpoint or ENDPOINTS[channel], "times": times, **fault}
        simulator.faults.add(Fault.model_validate(chosen))
        return Outgoing(UUID(int=1), follower, "文字", "progress", {"thing1": "预约成功"}, "", "d-1")

    return tell


def test_every_code_the_service_knows_was_thought_of() -> None:
    sets = [set(LATER), FOR_THIS_PERSON, FOR_THIS_MESSAGE, FOR_THE_TEMPLATE, FOR_THE_CHANNEL, OF_A_DAY, ONLY_OF_A_CODE]

    assert set(VERDICTS) == set().union(*sets)
    assert len(VERDICTS) == sum(map(len, sets))


@pytest.mark.parametrize("via", ENDPOINTS)
@pytest.mark.parametrize("code", LATER)
async def test_later(senders: dict[Channel, Sender], told: Callable[..., Outgoing], via: Channel, code: int) -> None:
    least, most = LATER[code]

    outcome = await senders[via].send(told(via, errcode=code, times=2))

    assert isinstance(outcome, TryLater)
    assert outcome.code == str(code)
    assert least <= outcome.seconds <= most


@pytest.mark.parametrize("via", ENDPOINTS)
@pytest.mark.parametrize("code", FOR_THIS_PERSON | ONLY_OF_A_CODE)
async def test_not_to_this_person(
    senders: dict[Channel, Sender], told: Callable[..., Outgoing], via: Channel, code: int
) -> None:
    outcome = await senders[via].send(told(via, errcode=code))

    assert isinstance(outcome, Refused)
    assert outcome.code == str(code)


@pytest.mark.parametrize("via", ENDPOINTS)
@pytest.mark.parametrize("code", FOR_THIS_MESSAGE | FOR_THE_TEMPLATE | FOR_THE_CHANNEL)
async def test_not_this_message_and_nothing_else_of_what_would_fail_alike(
    senders: dict[Channel, Sender], told: Callable[..., Outgoing], via: Channel, code: int
) -> None:
    scopes = dict.fromkeys(FOR_THE_TEMPLATE, "template:progress") | dict.fromkeys(FOR_THE_CHANNEL, f"channel:{via}")

    outcome = await senders[via].send(told(via, errcode=code))

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.pauses) == (str(code), scopes.get(code, ""))


@pytest.mark.parametrize("via", ENDPOINTS)
async def test_a_quota_used_up_ends_the_asking_until_midnight(
    simulator: Simulator, senders: dict[Channel, Sender], told: Callable[..., Outgoing], via: Channel
) -> None:
    outgoing = told(via, errcode=45009)

    outcomes = [await senders[via].send(outgoing) for _ in range(10)]

    assert all(isinstance(outcome, TryLater) and outcome.code == "45009" for outcome in outcomes)
    assert simulator.platform.counters[f"cgi-bin/{ENDPOINTS[via]}"] == 1


@pytest.mark.parametrize("via", ENDPOINTS)
@pytest.mark.parametrize("code", [40001, 40125, 40013, 40164])
async def test_what_the_token_endpoint_says_of_us_stops_the_channel(
    senders: dict[Channel, Sender], told: Callable[..., Outgoing], via: Channel, code: int
) -> None:
    outcome = await senders[via].send(told(via, endpoint="stable_token", errcode=code))

    assert isinstance(outcome, Failed)
    assert outcome.pauses == f"channel:{via}"


@pytest.mark.parametrize("via", ENDPOINTS)
async def test_a_code_nobody_knows_is_tried_again(
    senders: dict[Channel, Sender], told: Callable[..., Outgoing], via: Channel
) -> None:
    outcome = await senders[via].send(told(via, errcode=99999))

    assert isinstance(outcome, TryLater)
    assert outcome.seconds >= 30
    assert outcome.code == "99999"


@pytest.mark.parametrize("via", ENDPOINTS)
@pytest.mark.parametrize("fault", [{"drop": "request"}, {"drop": "reply"}, {"status": 504}])
async def test_an_answer_that_never_came_is_a_doubt_that_only_a_named_message_may_repeat(
    senders: dict[Channel, Sender], told: Callable[..., Outgoing], via: Channel, fault: dict[str, object]
) -> None:
    outcome = await senders[via].send(told(via, **fault))

    assert isinstance(outcome, InDoubt)
    assert outcome.repeatable is (via is Channel.WECHAT)


@pytest.mark.parametrize("via", ENDPOINTS)
@pytest.mark.parametrize("fault", [{"status": 502}, {"endpoint": "stable_token", "drop": "reply"}])
async def test_what_did_not_leave_us_is_tried_again(
    senders: dict[Channel, Sender], told: Callable[..., Outgoing], via: Channel, fault: dict[str, object]
) -> None:
    assert isinstance(await senders[via].send(told(via, **fault)), TryLater)
