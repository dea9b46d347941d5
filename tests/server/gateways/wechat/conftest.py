"""A simulated WeChat, clients of it, and a shelf in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest

from config.settings import WechatSettings
from server.gateways.wechat.channel import MiniProgramChannel, OfficialAccountChannel
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.messages import TemplateMessage
from server.gateways.wechat.token import FreshToken
from server.gateways.wechat.transport import open_http
from tests.simulator.app import Simulator, running_simulator

NOBODY_LISTENS = "http://127.0.0.1:9/callback"


@dataclass
class MemoryShelf:
    """A shelf as two processes would share it; `dropped` remembers what was called bad."""

    token: FreshToken | None = None
    taken: bool = False
    dropped: list[str] = field(default_factory=list)

    async def get(self) -> FreshToken | None:
        return self.token

    async def put(self, token: FreshToken) -> None:
        self.token = token
        self.taken = False

    async def drop_if(self, value: str) -> None:
        self.dropped.append(value)
        if self.token and self.token.value == value:
            self.token = None

    async def reserve(self, seconds: int) -> bool:
        free = not self.taken
        self.taken = True
        return free


@pytest.fixture
def setup() -> WechatSettings:
    return WechatSettings()


@pytest.fixture
async def simulator(setup: WechatSettings) -> AsyncIterator[Simulator]:
    """Its callbacks go nowhere and are tried without a pause."""
    async with running_simulator(setup, NOBODY_LISTENS) as simulator:
        simulator.pushes.pause = 0
        yield simulator


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Patient with a busy machine: only a test that waits for a time limit shortens it."""
    async with open_http() as session:
        yield session


@pytest.fixture
def shelf() -> MemoryShelf:
    return MemoryShelf()


@pytest.fixture
def client(
    setup: WechatSettings, simulator: Simulator, http: aiohttp.ClientSession, shelf: MemoryShelf
) -> AsyncWechatClient:
    return AsyncWechatClient(setup.official_account, simulator.url, http, shelf)


@pytest.fixture
def channel(setup: WechatSettings, client: AsyncWechatClient) -> OfficialAccountChannel:
    return OfficialAccountChannel(client, setup.templates)


@pytest.fixture
def mini(setup: WechatSettings, simulator: Simulator, http: aiohttp.ClientSession) -> AsyncWechatClient:
    return AsyncWechatClient(setup.mini_program, simulator.url, http, MemoryShelf())


@pytest.fixture
def mini_channel(setup: WechatSettings, mini: AsyncWechatClient) -> MiniProgramChannel:
    return MiniProgramChannel(mini, setup.subscribe_templates, state="formal")


@pytest.fixture
def follower(simulator: Simulator) -> str:
    return simulator.platform.add_phone("手机丙", follows=True).openid


def template_message(openid: str, number: int = 1) -> TemplateMessage:
    return TemplateMessage(openid, "TEMPLATE-PROGRESS", {"thing1": "预约成功"}, f"delivery-{number}")
