"""Everything of WeChat a process needs, opened and closed together."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from config.settings import WechatSettings
from models.accounts import WechatApp
from models.messages import Channel
from server.accounts.wechat_identity import BindingQr
from server.gateways.wechat.callback import CallbackDoor
from server.gateways.wechat.channel import MiniProgramChannel, OfficialAccountChannel
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.followers import OfficialFollowers
from server.gateways.wechat.login import MiniProgramLogin, PhoneButton
from server.gateways.wechat.qr import MiniProgramQr, OfficialAccountQr
from server.gateways.wechat.texts import WechatTextGuard
from server.gateways.wechat.token import TokenShelf
from server.gateways.wechat.transport import open_http
from server.messages.channels import Sender


@dataclass(frozen=True)
class Wechat:
    login: MiniProgramLogin
    phones: PhoneButton
    followers: OfficialFollowers
    texts: WechatTextGuard
    qr: Mapping[WechatApp, BindingQr]
    senders: Mapping[Channel, Sender]
    official_account_door: CallbackDoor
    mini_program_door: CallbackDoor


@asynccontextmanager
async def open_wechat(
    setup: WechatSettings, base_url: str, shelf_of: Callable[[str], TokenShelf]
) -> AsyncIterator[Wechat]:
    """`base_url`: settings().wechat_url; `shelf_of`: appid -> where the processes share that app's token."""
    async with open_http(setup.connections) as http:
        official, mini = (
            AsyncWechatClient(app, base_url, http, shelf_of(app.appid))
            for app in (setup.official_account, setup.mini_program)
        )
        yield Wechat(
            login=MiniProgramLogin(mini),
            phones=PhoneButton(mini),
            followers=OfficialFollowers(official),
            texts=WechatTextGuard(mini),
            qr={WechatApp.OFFICIAL_ACCOUNT: OfficialAccountQr(official), WechatApp.MINI_PROGRAM: _mini_qr(mini, setup)},
            senders=_senders(official, mini, setup),
            official_account_door=CallbackDoor(WechatApp.OFFICIAL_ACCOUNT, setup.official_account),
            mini_program_door=CallbackDoor(WechatApp.MINI_PROGRAM, setup.mini_program),
        )


def _mini_qr(client: AsyncWechatClient, setup: WechatSettings) -> MiniProgramQr:
    return MiniProgramQr(client, setup.mini_program_pages["bind"], setup.mini_program_state)


def _senders(official: AsyncWechatClient, mini: AsyncWechatClient, setup: WechatSettings) -> dict[Channel, Sender]:
    at_once, rate = setup.connections, setup.sends_per_second
    return {
        Channel.WECHAT: OfficialAccountChannel(official, setup.templates, at_once=at_once, rate=rate),
        Channel.MINI_PROGRAM: MiniProgramChannel(
            mini, setup.subscribe_templates, state=setup.mini_program_state, at_once=at_once, rate=rate
        ),
    }
