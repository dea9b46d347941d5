"""Texts as a channel, against a stub that answers as Tencent's document says: one outcome for each answer."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from config.settings import TencentSmsSettings
from server.gateways.sms.channel import TencentSmsChannel
from server.gateways.sms.client import SmsRefused, TencentSms
from server.messages.channels import Failed, InDoubt, Outcome, Outgoing, Refused, Sent, TryLater
from tests.server.gateways.sms.conftest import TEMPLATES
from tests.server.gateways.sms.stub import SmsStub

OUTGOING = Outgoing(
    delivery_id=UUID(int=7),
    address="13912345678",
    text="张三您好…",
    template="booked.person.1",
    fields={},
    url="",
    client_msg_id="d7",
    params=("张三", "2026-12-01 星期二 10:00"),
)
PAUSES_TEMPLATE, PAUSES_CHANNEL = "template:booked.person.1", "channel:sms"

# From the documented meaning of each code (382/55981), not from the code under test.
OUTCOMES: dict[str, tuple[type[Outcome], str]] = {
    "FailedOperation.ContainSensitiveWord": (Failed, ""),
    "FailedOperation.InsufficientBalanceInSmsPackage": (Failed, PAUSES_CHANNEL),
    "FailedOperation.MarketingSendTimeConstraint": (Failed, PAUSES_TEMPLATE),
    "FailedOperation.NotEnterpriseCertification": (Failed, PAUSES_CHANNEL),
    "FailedOperation.PhoneNumberInBlacklist": (Refused, ""),
    "FailedOperation.PhoneNumberParseFail": (Refused, ""),
    "FailedOperation.SignatureIncorrectOrUnapproved": (Failed, PAUSES_CHANNEL),
    "FailedOperation.TemplateIdNotExist": (Failed, PAUSES_TEMPLATE),
    "FailedOperation.TemplateIncorrectOrUnapproved": (Failed, PAUSES_TEMPLATE),
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": (Failed, PAUSES_TEMPLATE),
    "FailedOperation.TemplateUnapprovedOrNotExist": (Failed, PAUSES_TEMPLATE),
    "FailedOperation.OtherError": (Failed, ""),
    "InternalError.OtherError": (TryLater, ""),
    "InternalError.UnknownError": (TryLater, ""),
    "InternalError.Timeout": (InDoubt, ""),
    "InternalError.SendAndRecvFail": (InDoubt, ""),
    "InternalError.RequestTimeException": (Failed, PAUSES_CHANNEL),
    "InvalidParameter.DirtyWordFound": (Failed, ""),
    "InvalidParameterValue.ContentLengthLimit": (Failed, ""),
    "InvalidParameterValue.IncorrectPhoneNumber": (Refused, ""),
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": (Failed, ""),
    "InvalidParameterValue.SdkAppIdNotExist": (Failed, PAUSES_CHANNEL),
    "InvalidParameterValue.TemplateParameterFormatError": (Failed, ""),
    "InvalidParameterValue.TemplateParameterLengthLimit": (Failed, ""),
    "LimitExceeded.AppDailyLimit": (TryLater, ""),
    "LimitExceeded.AppMainlandChinaDailyLimit": (TryLater, ""),
    "LimitExceeded.DailyLimit": (TryLater, ""),
    "LimitExceeded.DeliveryFrequencyLimit": (TryLater, ""),
    "LimitExceeded.PhoneNumberDailyLimit": (Refused, ""),
    "LimitExceeded.PhoneNumberOneHourLimit": (TryLater, ""),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": (Refused, ""),
    "LimitExceeded.PhoneNumberThirtySecondLimit": (TryLater, ""),
    "MissingParameter.EmptyPhoneNumberSet": (Failed, ""),
    "RequestLimitExceeded": (TryLater, ""),
    "UnauthorizedOperation.RequestIpNotInWhitelist": (Failed, PAUSES_CHANNEL),
    "UnauthorizedOperation.RequestPermissionDeny": (Failed, PAUSES_CHANNEL),
    "UnauthorizedOperation.SdkAppIdIsDisabled": (Failed, PAUSES_CHANNEL),
    "UnauthorizedOperation.ServiceSuspendDueToArrears": (Failed, PAUSES_CHANNEL),
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": (Failed, PAUSES_CHANNEL),
    "UnsupportedOperation.UnsupportedRegion": (Refused, ""),
    "AuthFailure.SignatureFailure": (Failed, PAUSES_CHANNEL),
    "SomethingNew.NobodyKnows": (TryLater, ""),
}


@pytest.fixture
def channel(client: TencentSms) -> TencentSmsChannel:
    return TencentSmsChannel(client, TEMPLATES)


async def test_a_text_is_sent_with_its_template_and_its_delivery(stub: SmsStub, channel: TencentSmsChannel) -> None:
    outcome = await channel.send(OUTGOING)

    assert outcome == Sent("5000:0")
    assert stub.texts == [
        {
            "PhoneNumberSet": ["+8613912345678"],
            "SmsSdkAppId": "1400006666",
            "SignName": "北京注协",
            "TemplateId": "1234",
            "TemplateParamSet": ["张三", "2026-12-01 星期二 10:00"],
            "SessionContext": str(UUID(int=7)),
        }
    ]


@pytest.mark.parametrize(("code", "expected"), OUTCOMES.items())
async def test_every_code_has_its_reaction(
    code: str, expected: tuple[type[Outcome], str], stub: SmsStub, channel: TencentSmsChannel
) -> None:
    stub.plan = [code]

    outcome = await channel.send(OUTGOING)

    assert (type(outcome), getattr(outcome, "pauses", "")) == expected
    assert isinstance(outcome, Sent) or outcome.reason
    assert stub.texts == []


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", False),
        ("LimitExceeded.PhoneNumberOneHourLimit", False),
        ("LimitExceeded.DeliveryFrequencyLimit", False),
        ("LimitExceeded.AppDailyLimit", False),
        ("RequestLimitExceeded", True),
        ("SomethingNew.NobodyKnows", True),
    ],
)
async def test_a_known_limit_counts_for_no_try(
    code: str, counts: bool, stub: SmsStub, channel: TencentSmsChannel
) -> None:
    stub.plan = [code]

    outcome = await channel.send(OUTGOING)

    assert isinstance(outcome, TryLater)
    assert outcome.counts is counts


async def test_doubt_is_never_repeated(stub: SmsStub, channel: TencentSmsChannel) -> None:
    stub.plan = ["InternalError.Timeout"]

    timed_out = await channel.send(OUTGOING)
    stub.faults = ["lost"]
    lost = await channel.send(OUTGOING)

    assert [isinstance(outcome, InDoubt) and outcome.repeatable for outcome in (timed_out, lost)] == [False, False]


@pytest.mark.parametrize(
    ("fault", "expected"), [(503, TryLater), (504, InDoubt), ("cut", InDoubt), ("RequestLimitExceeded", TryLater)]
)
async def test_the_network_has_its_reactions(
    fault: str | int, expected: type[Outcome], stub: SmsStub, channel: TencentSmsChannel
) -> None:
    stub.faults = [fault]

    assert isinstance(await channel.send(OUTGOING), expected)


async def test_a_service_out_of_reach_is_tried_again(setup: TencentSmsSettings, client: TencentSms) -> None:
    nobody = TencentSms(setup.model_copy(update={"base_url": "http://127.0.0.1:9"}), client._http)

    assert isinstance(await TencentSmsChannel(nobody, TEMPLATES).send(OUTGOING), TryLater)


async def test_a_text_without_a_template_says_which_setting_is_missing(client: TencentSms) -> None:
    outcome = await TencentSmsChannel(client, {}).send(OUTGOING)

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.pauses) == ("no_template", PAUSES_TEMPLATE)
    assert "booked.person.1" in outcome.reason


async def test_a_wrong_key_stops_the_channel(stub: SmsStub, channel: TencentSmsChannel) -> None:
    stub.setup = stub.setup.model_copy(update={"secret_key": type(stub.setup.secret_key)("another")})

    outcome = await channel.send(OUTGOING)

    assert outcome == Failed("SignatureFailure", outcome.reason, pauses=PAUSES_CHANNEL)  # type: ignore[union-attr]


async def test_a_daily_quota_waits_for_midnight_in_beijing() -> None:
    class Full:
        async def send(self, mobile: str, template_id: str, params: tuple[str, ...], context: str) -> str:
            raise SmsRefused("LimitExceeded.AppDailyLimit")

    evening = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)  # 23:00 in Beijing
    outcome = await TencentSmsChannel(Full(), TEMPLATES, now=lambda: evening).send(OUTGOING)

    assert isinstance(outcome, TryLater)
    assert 3600 < outcome.seconds < 3610
