"""Two channels of one mechanism: what each of them sends, and what becomes of it on the phone."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from server.gateways.wechat.channel import MiniProgramChannel, OfficialAccountChannel
from server.gateways.wechat.errors import ApiError, CallFailed
from server.gateways.wechat.messages import SubscribeMessage, TemplateMessage
from server.messages.channels import Failed, InDoubt, Outgoing, Refused, Sent, TryLater
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault

SEND = "cgi-bin/message/template/send"


def to(openid: str, value: str = "预约成功", *, url: str = "") -> Outgoing:
    return Outgoing(UUID(int=2), openid, "文字", "progress", {"thing1": value}, url, "d2-1")


@dataclass
class FakeClient:
    """Says `answer`, or raises it; `most` is how many were in flight at once."""

    answer: str | CallFailed = "77"
    sent: list[dict[str, Any]] = field(default_factory=list)
    inside: int = 0
    most: int = 0

    async def send_template(self, message: TemplateMessage) -> str:
        return await self._answer(message.body())

    async def send_subscribe(self, message: SubscribeMessage) -> str:
        return await self._answer(message.body())

    async def _answer(self, body: dict[str, Any]) -> str:
        self.sent.append(body)
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0)
        self.inside -= 1
        if isinstance(self.answer, CallFailed):
            raise self.answer
        return self.answer


class SilentClient:
    def __init__(self) -> None:
        self.called = asyncio.Event()

    async def send_template(self, message: TemplateMessage) -> str:
        self.called.set()
        await asyncio.Event().wait()
        raise AssertionError


async def test_an_accepted_message_is_known_by_wechats_msgid() -> None:
    assert await OfficialAccountChannel(FakeClient("77"), {"progress": "T1"}).send(to("o1")) == Sent("77")


async def test_a_template_message_is_sent_as_asked() -> None:
    fake = FakeClient()

    await OfficialAccountChannel(fake, {"progress": "T1"}).send(to("o1", url="https://example.test/x"))

    assert fake.sent == [
        {
            "touser": "o1",
            "template_id": "T1",
            "data": {"thing1": {"value": "预约成功"}},
            "client_msg_id": "d2-1",
            "url": "https://example.test/x",
        }
    ]


async def test_a_subscribe_message_always_says_its_state_and_language() -> None:
    fake = FakeClient()

    await MiniProgramChannel(fake, {"progress": "S1"}, state="trial").send(to("m1", url="pages/m?id=1"))

    assert fake.sent == [
        {
            "touser": "m1",
            "template_id": "S1",
            "page": "pages/m?id=1",
            "miniprogram_state": "trial",
            "lang": "zh_CN",
            "data": {"thing1": {"value": "预约成功"}},
        }
    ]


async def test_a_crowd_waits_for_its_turn() -> None:
    fake = FakeClient()
    channel = OfficialAccountChannel(fake, {"progress": "T1"}, at_once=8)

    outcomes = await asyncio.gather(*(channel.send(to(f"o{n}")) for n in range(100)))

    assert outcomes == [Sent("77")] * 100
    assert fake.most == 8


async def test_whoever_is_stopped_before_his_turn_was_not_sent() -> None:
    """Otherwise a stopping worker would leave doubts that a subscribe message never recovers from."""
    fake = FakeClient()
    channel = MiniProgramChannel(fake, {"progress": "S1"}, state="formal", rate=0.001)

    sends = [asyncio.create_task(channel.send(to(f"m{n}"))) for n in range(50)]
    while not fake.sent:  # noqa: ASYNC110 - the fake signals nothing
        await asyncio.sleep(0)
    for send in sends[1:]:
        send.cancel()
    first, *others = await asyncio.gather(*sends)

    assert first == Sent("77")
    assert all(isinstance(outcome, TryLater) for outcome in others)
    assert len(fake.sent) == 1


async def test_a_call_that_is_cut_off_is_not_said_to_be_unsent() -> None:
    silent = SilentClient()

    send = asyncio.create_task(OfficialAccountChannel(silent, {"progress": "T1"}).send(to("o1")))
    await silent.called.wait()
    send.cancel()

    with pytest.raises(asyncio.CancelledError):
        await send


async def test_staff_read_our_words_and_never_wechats() -> None:
    channel = OfficialAccountChannel(FakeClient(ApiError(47003, "said so", SEND)), {"progress": "T1"})

    outcome = await channel.send(to("o1"))

    assert isinstance(outcome, Failed)
    assert "said so" not in outcome.reason


async def test_the_daily_quota_is_waited_for_until_midnight_in_beijing() -> None:
    ten_at_night = datetime(2025, 6, 12, 14, 0, tzinfo=UTC)
    fake = FakeClient(ApiError(45009, "", SEND))

    outcome = await OfficialAccountChannel(fake, {"progress": "T1"}, now=lambda: ten_at_night).send(to("o1"))

    assert isinstance(outcome, TryLater)
    assert 2 * 3600 < outcome.seconds <= 2 * 3600 + 10


async def test_a_template_that_is_not_set_up_says_where_to_set_it() -> None:
    outcomes = [
        await OfficialAccountChannel(FakeClient(), {}).send(to("o1")),
        await MiniProgramChannel(FakeClient(), {}, state="formal").send(to("m1")),
    ]

    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Failed)]
    assert "ZCGL_WECHAT__TEMPLATES" in reasons[0]
    assert "ZCGL_WECHAT__SUBSCRIBE_TEMPLATES" in reasons[1]


async def test_a_refusal_is_logged_without_the_person(caplog: pytest.LogCaptureFixture) -> None:
    channel = OfficialAccountChannel(FakeClient(ApiError(43004, "require subscribe", SEND)), {"progress": "T1"})

    with caplog.at_level(logging.WARNING):
        await channel.send(to("o-somebody"))

    assert "43004" in caplog.text
    assert "o-somebody" not in caplog.text


async def test_a_follower_sees_the_message_and_a_stranger_is_refused(
    simulator: Simulator, channel: OfficialAccountChannel, follower: str
) -> None:
    stranger = simulator.platform.add_phone("路人").openid

    outcomes = [await channel.send(to(openid)) for openid in (follower, stranger, "nobody")]

    assert [type(outcome) for outcome in outcomes] == [Sent, Refused, Refused]
    assert [getattr(outcome, "code", "") for outcome in outcomes] == ["", "43004", "40003"]


async def test_a_lost_answer_is_in_doubt_and_repeated_becomes_sent(
    simulator: Simulator, channel: OfficialAccountChannel, follower: str
) -> None:
    simulator.faults.add(Fault(endpoint="template/send", drop="reply"))

    outcomes = [await channel.send(to(follower)) for _ in range(2)]

    assert [type(outcome) for outcome in outcomes] == [InDoubt, Sent]
    assert len(simulator.platform.phone(follower).messages) == 1


@pytest.mark.parametrize("told", [True, False], ids=["msgid told", "no msgid"])
async def test_one_consent_is_one_message(
    simulator: Simulator, mini_channel: MiniProgramChannel, follower: str, told: bool
) -> None:
    simulator.platform.switches.msgid_of_subscribe_messages = told
    phone = simulator.platform.phone(follower)
    phone.credits["SUBSCRIBE-PROGRESS"] = 1

    first, second = [await mini_channel.send(to(phone.mini_openid, url="pages/message/index")) for _ in range(2)]

    (shown,) = phone.messages
    assert (shown.kind, shown.page) == ("subscribe", "pages/message/index")
    assert first == Sent(str(shown.msgid) if told else "")
    assert isinstance(second, Refused)
    assert second.code == "43101"


async def test_an_openid_of_the_other_app_is_no_address(mini_channel: MiniProgramChannel, follower: str) -> None:
    outcome = await mini_channel.send(to(follower))

    assert isinstance(outcome, Refused)
    assert outcome.code == "40003"
