"""Template messages as a channel: one outcome for each thing WeChat or the network may say."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest

from server import clock
from server.gateways.wechat.channel import OfficialAccountChannel, fit_field
from server.gateways.wechat.client import TemplateMessage
from server.gateways.wechat.errors import STABLE_TOKEN, VERDICTS, ApiError, CallFailed, NotSent, UnknownOutcome
from server.messages.channels import Failed, InDoubt, Outcome, Outgoing, Refused, Sent, TryLater
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault

ENDPOINT = "cgi-bin/message/template/send"
OUTGOING = Outgoing(
    delivery_id=UUID(int=1),
    address="openid-1",
    text="文字",
    template="progress",
    fields={"thing1": "预约成功"},
    url="https://example.test/x",
    client_msg_id="d1-1",
)

# From the documented meaning of each code, not from the code under test.
OUTCOMES: dict[int, type[Outcome]] = {
    -1: TryLater,
    40001: TryLater,
    40014: TryLater,
    42001: TryLater,
    43108: TryLater,
    45009: TryLater,
    45011: TryLater,
    40003: Refused,
    43004: Refused,
    43101: Refused,
    45047: Refused,
    40226: Refused,
    40013: Failed,
    40125: Failed,
    40164: Failed,
    48001: Failed,
    45103: Failed,
    43107: Failed,
    43116: Failed,
    40249: Failed,
    40036: Failed,
    40037: Failed,
    40097: Failed,
    47003: Failed,
    45168: Failed,
    40039: Failed,
    41030: Failed,
}
ONLY_AT_LOGIN = {40029, 40163, 41008}


@dataclass
class FakeTemplates:
    """Says `answer`, or raises it."""

    answer: str | CallFailed = "77"
    sent: list[TemplateMessage] = field(default_factory=list)

    async def send_template(self, message: TemplateMessage) -> str:
        self.sent.append(message)
        if isinstance(self.answer, CallFailed):
            raise self.answer
        return self.answer


def channel_of(answer: str | CallFailed, now: datetime | None = None) -> OfficialAccountChannel:
    fake = FakeTemplates(answer)
    return OfficialAccountChannel(fake, {"progress": "T1"}, now=(lambda: now) if now else clock.now)


async def test_an_accepted_message_is_known_by_wechats_msgid() -> None:
    assert await channel_of("77").send(OUTGOING) == Sent("77")


async def test_what_is_sent_is_what_was_asked() -> None:
    fake = FakeTemplates()

    await OfficialAccountChannel(fake, {"progress": "T1"}).send(OUTGOING)

    (message,) = fake.sent
    assert message.body() == {
        "touser": "openid-1",
        "template_id": "T1",
        "data": {"thing1": {"value": "预约成功"}},
        "client_msg_id": "d1-1",
        "url": "https://example.test/x",
    }


@pytest.mark.parametrize("code", OUTCOMES)
async def test_each_code_has_its_outcome(code: int) -> None:
    outcome = await channel_of(ApiError(code, "said so", ENDPOINT)).send(OUTGOING)

    assert type(outcome) is OUTCOMES[code]
    assert isinstance(outcome, TryLater | Refused | Failed)
    assert outcome.code == str(code)
    assert "said so" not in outcome.reason  # WeChat's own words change without notice: staff read ours


def test_every_code_the_service_knows_was_thought_of() -> None:
    assert set(VERDICTS) == set(OUTCOMES) | ONLY_AT_LOGIN


async def test_a_code_nobody_knows_is_tried_again() -> None:
    outcome = await channel_of(ApiError(99999, "new", ENDPOINT)).send(OUTGOING)

    assert isinstance(outcome, TryLater)
    assert outcome.seconds >= 30


async def test_a_bad_token_said_by_the_token_endpoint_is_a_wrong_secret() -> None:
    outcome = await channel_of(ApiError(40001, "", STABLE_TOKEN)).send(OUTGOING)

    assert isinstance(outcome, Failed)
    assert "AppSecret" in outcome.reason


async def test_the_daily_quota_is_waited_for_until_midnight_in_beijing() -> None:
    ten_at_night = datetime(2025, 6, 12, 14, 0, tzinfo=UTC)

    outcome = await channel_of(ApiError(45009, "", ENDPOINT), ten_at_night).send(OUTGOING)

    assert isinstance(outcome, TryLater)
    assert 2 * 3600 < outcome.seconds <= 2 * 3600 + 10


@pytest.mark.parametrize(("code", "least", "most"), [(43108, 1, 3), (45011, 60, 65), (-1, 5, 10)])
async def test_a_short_wait_is_as_long_as_the_code_needs(code: int, least: int, most: int) -> None:
    outcome = await channel_of(ApiError(code, "", ENDPOINT)).send(OUTGOING)

    assert isinstance(outcome, TryLater)
    assert least <= outcome.seconds <= most


async def test_what_did_not_leave_us_is_tried_again() -> None:
    assert isinstance(await channel_of(NotSent("ClientConnectorError")).send(OUTGOING), TryLater)


async def test_what_may_have_arrived_is_in_doubt() -> None:
    assert isinstance(await channel_of(UnknownOutcome("SocketTimeoutError")).send(OUTGOING), InDoubt)


async def test_a_template_that_is_not_set_up_says_where_to_set_it() -> None:
    outcome = await OfficialAccountChannel(FakeTemplates(), {}).send(OUTGOING)

    assert isinstance(outcome, Failed)
    assert "ZCGL_WECHAT__TEMPLATES" in outcome.reason


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("预约成功", "预约成功"),
        ("一" * 20, "一" * 20),
        ("一" * 21, "一" * 19 + "…"),
        ("一行\n二行\t三", "一行 二行 三"),
        ("𠮷" * 20, "𠮷" * 20),
        ("", ""),
    ],
)
def test_a_field_is_one_line_of_twenty_characters(value: str, shown: str) -> None:
    assert fit_field(value) == shown


async def test_a_refusal_is_logged_without_the_person(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await channel_of(ApiError(43004, "require subscribe", ENDPOINT)).send(OUTGOING)

    assert "43004" in caplog.text
    assert OUTGOING.address not in caplog.text


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


async def test_nothing_is_cut_by_wechat(simulator: Simulator, channel: OfficialAccountChannel, follower: str) -> None:
    await channel.send(to(follower, "长" * 50))

    (message,) = simulator.platform.phone(follower).messages
    assert message.cut == []
    assert message.fields["thing1"] == "长" * 19 + "…"


def to(openid: str, value: str = "预约成功") -> Outgoing:
    return Outgoing(UUID(int=2), openid, "文字", "progress", {"thing1": value}, "", "d2-1")
