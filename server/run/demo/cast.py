"""Who plays: the firm's contact, the administrator of the association, and a phone with WeChat."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from server.run.demo.http import Session
from server.run.demo.telling import Telling

_LOOKS = 200
_BETWEEN = 0.1  # seconds


@dataclass
class Cast:
    firm: Session
    staff: Session
    phone: Session
    telling: Telling
    openid: str = ""

    @classmethod
    async def assemble(cls, http: aiohttp.ClientSession, service: str, simulator: str, telling: Telling) -> Self:
        cast = cls(
            Session(http, f"{service}/api/v1"),
            Session(http, f"{service}/console/v1"),
            Session(http, f"{simulator}/_"),
            telling,
        )
        await cast.firm.login("201", "demo-201")
        await cast.staff.login("admin", "demo-admin")
        return cast

    async def bind_wechat(self) -> None:
        """绑定新账号: the settings page shows a QR, the phone scans and confirms, the page chooses the number."""
        self.telling.chapter("扫码绑定微信（手册 10）")
        phones = await self.phone.get("/phones")
        self.openid = phones[0]["openid"]
        bound = await self.firm.get("/me/wechat")
        if any(True for _ in bound["items"]):
            self.telling.step("已绑定微信，沿用")
            return
        ticket = await self.firm.post("/me/wechat/tickets", {"kind": "official_account"})
        newest = (await self.phone.get("/qr-codes"))[0]
        await self.phone.post(f"/phones/{self.openid}/scan", {"url": newest["url"]})
        nonce = await self._nonce()
        shown = await self.firm.post("/wechat/tickets/preview", {"nonce": nonce})
        self.telling.expect("手机上显示的账号", shown["name"], "测试单位201")
        confirmed = await self.firm.post("/wechat/tickets/confirm", {"nonce": nonce})
        path = f"/me/wechat/tickets/{ticket['public_id']}"
        await self.firm.post(f"{path}/choose", {"number": confirmed["number"]})
        self.telling.expect("绑定结果", (await self.firm.get(path))["state"], "bound")

    async def _nonce(self) -> str:
        """The one-use nonce in the #fragment of the link that the service account sent to the phone."""
        for message in reversed(await self.phone.get(f"/phones/{self.openid}/messages")):
            if found := re.search(r"#(?:nonce=)?([\w-]{16,})", message.get("text", "")):
                return str(found[1])
        raise LookupError("手机没有收到绑定链接")

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
