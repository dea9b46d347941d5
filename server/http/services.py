"""What a request may use beside the database: opened once a process by server.run, handed to every call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.settings import Settings
from server.accounts.limits import Limiter
from server.accounts.sessions import SessionViews
from server.appointments.grid_memory import GridMemory
from server.appointments.slots import SlotCounter
from server.gateways.redis.client import RedisDoor
from server.materials.store import Store
from server.materials.studio import Studio

if TYPE_CHECKING:  # their libraries are loaded later: see server.run.later
    from server.gateways.sms.connect import Sms
    from server.gateways.wechat.connect import Wechat


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
    wechat: "Callable[[], Awaitable[Wechat]]"
    sms: "Callable[[], Awaitable[Sms]]"
