"""Everything of WeChat a process needs, opened and closed together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from config.settings import WechatSettings
from server.gateways.wechat.callback import CallbackDoor
from server.gateways.wechat.channel import OfficialAccountChannel
from server.gateways.wechat.client import AsyncWechatClient, open_http
from server.gateways.wechat.login import MiniProgramLogin
from server.gateways.wechat.qr import OfficialAccountQr
from server.gateways.wechat.token import TokenShelf


@dataclass(frozen=True)
class Wechat:
    channel: OfficialAccountChannel
    login: MiniProgramLogin
    qr: OfficialAccountQr
    official_account_door: CallbackDoor


@asynccontextmanager
async def open_wechat(
    setup: WechatSettings, base_url: str, shelf_of: Callable[[str], TokenShelf]
) -> AsyncIterator[Wechat]:
    """`base_url`: settings().wechat_url; `shelf_of`: appid -> where the processes share that app's token."""
    async with open_http() as http:
        official = AsyncWechatClient(setup.official_account, base_url, http, shelf_of(setup.official_account.appid))
        mini = AsyncWechatClient(setup.mini_program, base_url, http, shelf_of(setup.mini_program.appid))
        yield Wechat(
            channel=OfficialAccountChannel(official, setup.templates),
            login=MiniProgramLogin(mini),
            qr=OfficialAccountQr(official),
            official_account_door=CallbackDoor("official_account", setup.official_account),
        )
