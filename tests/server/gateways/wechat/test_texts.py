"""What people type, judged by WeChat: a clear no is a no, and silence holds nobody up."""

import asyncio
from dataclasses import dataclass, field

import pytest

from server.accounts.wechat_identity import TextRefused
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.results import TextOpinion
from server.gateways.wechat.texts import WechatTextGuard
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault

RISKY = "代开发票"


@pytest.fixture
def guard(mini: AsyncWechatClient) -> WechatTextGuard:
    return WechatTextGuard(mini, patience=60)


@pytest.fixture
def visitor(simulator: Simulator, follower: str) -> str:
    phone = simulator.platform.phone(follower)
    phone.visited_at = simulator.platform.now()
    return phone.mini_openid


@dataclass
class Parts:
    """Finds the second part of a text risky."""

    given: list[str] = field(default_factory=list)

    async def check_text(self, openid: str, text: str, scene: int) -> TextOpinion:
        self.given.append(text)
        return TextOpinion("risky" if len(self.given) == 2 else "pass", 100)


class Silent:
    async def check_text(self, openid: str, text: str, scene: int) -> TextOpinion:
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize("text", ["申请材料已补齐", "请加微信"], ids=["pass", "review"])
async def test_what_is_not_clearly_risky_passes(guard: WechatTextGuard, visitor: str, text: str) -> None:
    await guard.check(visitor, text)


async def test_a_risky_text_is_refused(guard: WechatTextGuard, visitor: str) -> None:
    with pytest.raises(TextRefused):
        await guard.check(visitor, RISKY)


@pytest.mark.parametrize(
    "fault", [{"errcode": -1}, {"errcode": 45009}, {"errcode": 48001}, {"drop": "reply"}, {"status": 502}]
)
async def test_a_wechat_without_an_opinion_lets_it_pass(
    simulator: Simulator, guard: WechatTextGuard, visitor: str, fault: dict[str, int]
) -> None:
    simulator.faults.add(Fault.model_validate({"endpoint": "msg_sec_check", **fault}))

    await guard.check(visitor, RISKY)


async def test_somebody_wechat_has_not_seen_today_passes(guard: WechatTextGuard, simulator: Simulator) -> None:
    await guard.check(simulator.platform.add_phone("路人").mini_openid, RISKY)

    assert simulator.platform.counters["wxa/msg_sec_check"] == 1


async def test_a_wechat_that_is_silent_is_not_waited_for() -> None:
    await WechatTextGuard(Silent(), patience=0).check("m1", "你好")


async def test_a_long_text_is_judged_in_parts() -> None:
    parts = Parts()

    with pytest.raises(TextRefused):
        await WechatTextGuard(parts).check("m1", "长" * 5200)

    assert [len(part) for part in parts.given] == [2500, 2500]


async def test_nothing_typed_is_nothing_to_judge(simulator: Simulator, guard: WechatTextGuard) -> None:
    await guard.check("m1", "")

    assert simulator.platform.counters["wxa/msg_sec_check"] == 0
