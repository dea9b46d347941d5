"""Who follows the service account, as the worker asks it."""

import pytest

from server.accounts.wechat_identity import WechatUnavailable
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.followers import OfficialFollowers
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault


@pytest.fixture
def followers(client: AsyncWechatClient) -> OfficialFollowers:
    return OfficialFollowers(client)


async def test_a_follower_has_a_unionid(simulator: Simulator, followers: OfficialFollowers, follower: str) -> None:
    assert await followers.unionid_of(follower) == simulator.platform.phone(follower).unionid


async def test_apps_that_are_not_joined_tell_none(
    simulator: Simulator, followers: OfficialFollowers, follower: str
) -> None:
    simulator.platform.switches.unionids = False

    assert await followers.unionid_of(follower) is None


async def test_an_openid_that_is_nobodys_has_none(followers: OfficialFollowers) -> None:
    assert await followers.unionid_of("nobody") is None


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"errcode": 45009}, {"status": 502}, {"errcode": 48001}])
async def test_a_wechat_that_does_not_tell_is_unavailable(
    simulator: Simulator, followers: OfficialFollowers, follower: str, fault: dict[str, int]
) -> None:
    simulator.faults.add(Fault.model_validate({"endpoint": "user/info", "times": 2, **fault}))

    with pytest.raises(WechatUnavailable):
        await followers.unionid_of(follower)
