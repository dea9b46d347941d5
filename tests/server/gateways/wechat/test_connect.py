"""Everything of WeChat opened together, with nothing of it asked before it is needed."""

import pytest

from config.settings import WechatSettings
from models.accounts import WechatApp
from models.messages import Channel
from server.accounts.wechat_identity import WechatUnavailable
from server.gateways.wechat.connect import open_wechat
from tests.engines.servers import free_port
from tests.server.gateways.wechat.conftest import MemoryShelf
from tests.simulator.app import Simulator


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


async def test_both_channels_and_both_codes_are_there(setup: WechatSettings, simulator: Simulator) -> None:
    async with open_wechat(setup, simulator.url, lambda _: MemoryShelf()) as wechat:
        assert set(wechat.senders) == {Channel.WECHAT, Channel.MINI_PROGRAM}
        assert set(wechat.qr) == set(WechatApp)


@pytest.mark.parametrize("app", WechatApp)
async def test_the_settings_reach_the_codes(setup: WechatSettings, simulator: Simulator, app: WechatApp) -> None:
    async with open_wechat(setup, simulator.url, lambda _: MemoryShelf()) as wechat:
        await wechat.qr[app].draw("scene", 300)

    pages = [code.page for code in simulator.platform.mini_codes.values()]
    assert pages == ([setup.mini_program_pages["bind"]] if app is WechatApp.MINI_PROGRAM else [])
