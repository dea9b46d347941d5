"""Who plays: the contacts of two firms, the administrator of the association, and phones with WeChat."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import aiohttp

from server.run.demo.http import Session
from server.run.demo.telling import Telling

T = TypeVar("T")

_LOOKS = 200
_BETWEEN = 0.1  # seconds


@dataclass
class Cast:
    """`mini` is the firm in the mini program, `neighbour` another firm, `phone` the simulated WeChat.

    `openid` is 手机甲's at the service account, `mini_openid` what the simulator calls 手机乙.
    """

    firm: Session
    mini: Session
    neighbour: Session
    staff: Session
    phone: Session
    telling: Telling
    openid: str = ""
    mini_openid: str = ""

    @classmethod
    async def assemble(cls, http: aiohttp.ClientSession, service: str, simulator: str, telling: Telling) -> Self:
        cast = cls(
            Session(http, f"{service}/api/v1"),
            Session(http, f"{service}/api/v1"),
            Session(http, f"{service}/api/v1"),
            Session(http, f"{service}/console/v1"),
            Session(http, f"{simulator}/_"),
            telling,
        )
        await cast.firm.login("201", "demo-201")
        await cast.neighbour.login("202", "demo-202")
        await cast.staff.login("admin", "demo-admin")
        return cast

    async def message_about(self, application: str) -> str:
        """The newest system message about an application."""
        rows = (await self.firm.get("/messages", kind="system", limit=50))["items"]
        return next(str(row["text"]) for row in rows if row["application_id"] == application)

    async def deliveries(self, occurrence: str, channel: str, count: int) -> list[dict[str, Any]]:
        """The ledger's rows of one event on one channel, once all of them have been sent."""
        for _ in range(_LOOKS):
            query = {"occurrence": occurrence, "channel": channel}
            rows: list[dict[str, Any]] = (await self.staff.get("/deliveries", **query))["items"]
            if len(rows) >= count and all(row["state"] in ("sent", "delivered") for row in rows):
                return rows
            await asyncio.sleep(_BETWEEN)
        raise LookupError(f"{occurrence} 的{channel}没有发出")

    async def looked_for(self, look: "Callable[[Cast], Awaitable[T]]", holds: Callable[[T], bool]) -> T:
        """What `look` finds once it holds, or at last: a callback and the worker need a moment."""
        found = await look(self)
        for _ in range(_LOOKS):
            if holds(found):
                break
            await asyncio.sleep(_BETWEEN)
            found = await look(self)
        return found
