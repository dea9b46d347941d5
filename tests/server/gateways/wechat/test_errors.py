"""Every errcode of the contract has exactly one reaction, and texts that staff can act on."""

from datetime import UTC, datetime

import pytest

from server.gateways.wechat.errors import (
    QR_CODE,
    STABLE_TOKEN,
    VERDICTS,
    WXA_CODE,
    ApiError,
    Reaction,
    seconds_to_wait,
    verdict_on,
)

SEND = "cgi-bin/message/template/send"
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # noon in Beijing

REACTIONS = {
    -1: Reaction.RETRY_LATER,
    40001: Reaction.REFRESH_TOKEN,
    40003: Reaction.FINAL_RECIPIENT,
    40008: Reaction.FINAL_MESSAGE,
    40013: Reaction.STOP_CHANNEL,
    40014: Reaction.REFRESH_TOKEN,
    40029: Reaction.ASK_AGAIN,
    40036: Reaction.FINAL_MESSAGE,
    40037: Reaction.FINAL_MESSAGE,
    40039: Reaction.FINAL_MESSAGE,
    40097: Reaction.FINAL_MESSAGE,
    40125: Reaction.STOP_CHANNEL,
    40129: Reaction.FINAL_MESSAGE,
    40163: Reaction.ASK_AGAIN,
    40169: Reaction.FINAL_MESSAGE,
    40164: Reaction.STOP_CHANNEL,
    40226: Reaction.FINAL_RECIPIENT,
    40249: Reaction.PAUSE_TEMPLATE,
    41008: Reaction.ASK_AGAIN,
    41030: Reaction.FINAL_MESSAGE,
    42001: Reaction.REFRESH_TOKEN,
    43004: Reaction.FINAL_RECIPIENT,
    43101: Reaction.ASK_AGAIN,
    43107: Reaction.PAUSE_TEMPLATE,
    43104: Reaction.FINAL_RECIPIENT,
    43108: Reaction.RETRY_LATER,
    43116: Reaction.PAUSE_TEMPLATE,
    44002: Reaction.FINAL_MESSAGE,
    45009: Reaction.RETRY_LATER,
    45011: Reaction.RETRY_LATER,
    45047: Reaction.ASK_AGAIN,
    45103: Reaction.STOP_CHANNEL,
    45168: Reaction.FINAL_MESSAGE,
    47001: Reaction.FINAL_MESSAGE,
    47003: Reaction.FINAL_MESSAGE,
    48001: Reaction.STOP_CHANNEL,
}


def test_the_table_is_the_contract() -> None:
    assert {code: verdict.reaction for code, verdict in VERDICTS.items()} == REACTIONS


def test_every_reaction_is_used() -> None:
    assert {verdict.reaction for verdict in VERDICTS.values()} == set(Reaction)


@pytest.mark.parametrize("code", VERDICTS)
def test_staff_read_what_happened_and_what_to_do(code: int) -> None:
    verdict = VERDICTS[code]

    assert verdict.reason
    assert verdict.advice
    assert verdict.seconds >= 1


def test_an_unknown_code_is_tried_again_and_not_dropped() -> None:
    assert verdict_on(ApiError(99999, "?", SEND)).reaction is Reaction.RETRY_LATER


def test_a_bad_token_from_the_token_endpoint_is_a_wrong_secret() -> None:
    assert verdict_on(ApiError(40001, "", SEND)).reaction is Reaction.REFRESH_TOKEN
    assert verdict_on(ApiError(40001, "", STABLE_TOKEN)).reaction is Reaction.STOP_CHANNEL


def test_a_daily_quota_waits_for_midnight_in_beijing() -> None:
    assert seconds_to_wait(ApiError(45009, "", SEND), NOW) == 12 * 3600 + 1


@pytest.mark.parametrize(("code", "endpoint"), [(45011, SEND), (45009, QR_CODE), (45009, WXA_CODE)])
def test_a_minute_quota_waits_a_minute(code: int, endpoint: str) -> None:
    assert seconds_to_wait(ApiError(code, "", endpoint), NOW) == 60
