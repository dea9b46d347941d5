"""Login codes and binding QR codes as accounts see them: a person or an url, or a named refusal."""

import aiohttp
import pytest

from config.settings import WechatSettings
from models.accounts import WechatApp
from server.accounts.wechat_identity import CodeRefused, WechatUnavailable
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.connect import open_wechat
from server.gateways.wechat.login import MiniProgramLogin
from server.gateways.wechat.qr import OfficialAccountQr
from tests.engines.servers import free_port
from tests.server.gateways.wechat.conftest import MemoryShelf
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault


@pytest.fixture
def login(setup: WechatSettings, simulator: Simulator, http: aiohttp.ClientSession) -> MiniProgramLogin:
    return MiniProgramLogin(AsyncWechatClient(setup.mini_program, simulator.url, http, MemoryShelf()))


async def test_a_code_stands_for_one_person_in_both_apps(
    simulator: Simulator, login: MiniProgramLogin, follower: str
) -> None:
    identity = await login.exchange(simulator.platform.mint_code(follower))

    phone = simulator.platform.phone(follower)
    assert (identity.openid, identity.unionid) == (phone.mini_openid, phone.unionid)


async def test_a_code_is_good_once(simulator: Simulator, login: MiniProgramLogin, follower: str) -> None:
    code = simulator.platform.mint_code(follower)
    await login.exchange(code)

    with pytest.raises(CodeRefused):
        await login.exchange(code)


async def test_login_needs_no_access_token(simulator: Simulator, login: MiniProgramLogin, follower: str) -> None:
    await login.exchange(simulator.platform.mint_code(follower))

    assert simulator.platform.counters["cgi-bin/stable_token"] == 0


@pytest.mark.parametrize("code", [40029, 40163, 40226])
async def test_what_only_the_person_can_mend_is_refused(
    simulator: Simulator, login: MiniProgramLogin, code: int
) -> None:
    simulator.faults.add(Fault(endpoint="jscode2session", errcode=code))

    with pytest.raises(CodeRefused):
        await login.exchange("code")


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"errcode": 45011}, {"errcode": 40125}, {"status": 502}])
async def test_what_the_person_cannot_mend_is_unavailable(
    simulator: Simulator, login: MiniProgramLogin, fault: dict[str, int]
) -> None:
    simulator.faults.add(Fault.model_validate({"endpoint": "jscode2session", **fault}))

    with pytest.raises(WechatUnavailable):
        await login.exchange("code")


async def test_too_many_logins_say_when_to_come_back(simulator: Simulator, login: MiniProgramLogin) -> None:
    simulator.faults.add(Fault(endpoint="jscode2session", errcode=45011))

    with pytest.raises(WechatUnavailable) as refused:
        await login.exchange("code")

    assert refused.value.retry_after == 60


async def test_a_qr_carries_its_scene(simulator: Simulator, client: AsyncWechatClient) -> None:
    png = await OfficialAccountQr(client).draw("secret-of-a-ticket", 300)

    assert png.startswith(b"\x89PNG")
    assert "secret-of-a-ticket" in [code.scene for code in simulator.platform.qr_codes.values()]


@pytest.mark.parametrize("fault", [{"errcode": 45009}, {"drop": "reply"}, {"status": 503}])
async def test_no_qr_is_a_named_refusal(simulator: Simulator, client: AsyncWechatClient, fault: dict[str, int]) -> None:
    simulator.faults.add(Fault.model_validate({"endpoint": "qrcode/create", **fault}))

    with pytest.raises(WechatUnavailable):
        await OfficialAccountQr(client).draw("scene", 300)


async def test_wechat_out_of_reach_stops_nothing_from_opening(setup: WechatSettings) -> None:
    async with open_wechat(setup, f"http://127.0.0.1:{free_port()}", lambda _: MemoryShelf()) as wechat:
        with pytest.raises(WechatUnavailable):
            await wechat.qr[WechatApp.OFFICIAL_ACCOUNT].draw("scene", 300)


async def test_each_app_has_its_own_shelf(setup: WechatSettings, simulator: Simulator) -> None:
    asked: list[str] = []

    def shelf_of(appid: str) -> MemoryShelf:
        asked.append(appid)
        return MemoryShelf()

    async with open_wechat(setup, simulator.url, shelf_of):
        assert asked == [setup.official_account.appid, setup.mini_program.appid]
