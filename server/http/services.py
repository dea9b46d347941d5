"""What a request may use beside the database: opened once a process by server.run, handed to every call."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.settings import Settings
from models.accounts import WechatApp
from models.messages import Channel
from server.accounts.limits import Limiter
from server.accounts.sessions import SessionViews
from server.accounts.wechat_identity import BindingQr, CodeExchange, Followers, PhoneExchange, TextGuard
from server.appointments.grid_memory import GridMemory
from server.appointments.slots import SlotCounter
from server.gateways.redis.client import RedisDoor
from server.gateways.wechat.callback import CallbackDoor
from server.materials.store import Store
from server.materials.studio import Studio
from server.messages.channels import Sender
from server.messages.receipts import ReceiptSource


@dataclass(frozen=True)
class Services:
    settings: Settings
    redis: RedisDoor
    slots: SlotCounter
    grids: GridMemory
    limiter: Limiter
    session_views: SessionViews
    store: Store
    studio: Studio
    mini_program: CodeExchange
    phones: PhoneExchange
    followers: Followers
    texts: TextGuard
    qr: Mapping[WechatApp, BindingQr]
    official_account_callback: CallbackDoor
    mini_program_callback: CallbackDoor
    senders: Mapping[Channel, Sender]
    receipts: ReceiptSource
