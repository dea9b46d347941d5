"""What the platform tells the service: follows and scans, answers to consent dialogs, what became of messages."""

from dataclasses import asdict
from typing import Any

import aiohttp

from tests.simulator.couriers import Couriers
from tests.simulator.deliveries import Deliveries, Push
from tests.simulator.events import Event, event_xml
from tests.simulator.faults import Faults
from tests.simulator.phones import Message, Phone
from tests.simulator.platform import Platform

__all__ = ["Push", "Pushes", "event_xml"]

OUT_OF_ORDER = "该服务号提供的服务出现故障，请稍后再试"


class Pushes(Deliveries):
    """Signed and, in secure mode, sealed. Receipts come `receipt_delay` seconds after the answer they are about."""

    def __init__(self, platform: Platform, faults: Faults, http: aiohttp.ClientSession, callback_url: str) -> None:
        super().__init__(platform, faults, http, callback_url)
        self._couriers = Couriers(self.push)
        self.receipt_delay = 0.2

    async def follow(self, phone: Phone, *, scene: str = "", ticket: str = "") -> Push:
        phone.follows = True
        phone.told(self._platform.now(), "你已关注该服务号")
        key = f"qrscene_{scene}" if scene else ""
        return await self._act(phone, "subscribe", EventKey=key, **({"Ticket": ticket} if ticket else {}))

    async def unfollow(self, phone: Phone) -> Push:
        phone.follows = False
        phone.told(self._platform.now(), "你已取消关注该服务号")
        return await self._act(phone, "unsubscribe", EventKey="")

    async def scan(self, phone: Phone, scene: str, ticket: str) -> Push:
        """A phone that does not follow yet follows by scanning."""
        if not phone.follows:
            return await self.follow(phone, scene=scene, ticket=ticket)
        return await self._act(phone, "SCAN", EventKey=scene, Ticket=ticket)

    async def popup(self, phone: Phone, answers: dict[str, str], scene: str = "0") -> Push:
        """The person answered wx.requestSubscribeMessage; `answers`: template id -> accept or reject."""
        items = [
            {"TemplateId": template, "SubscribeStatusString": answer, "PopupScene": scene}
            for template, answer in answers.items()
        ]
        return await self._answer(phone, "subscribe_msg_popup_event", *items)

    async def switched_off(self, phone: Phone, *templates: str) -> Push:
        """The person refuses these templates in the settings of the mini program."""
        items = [{"TemplateId": template, "SubscribeStatusString": "reject"} for template in templates]
        return await self._answer(phone, "subscribe_msg_change_event", *items)

    def receipt_later(self, phone: Phone, msgid: int, status: str) -> None:
        """TEMPLATESENDJOBFINISH, a moment after the answer to template/send."""
        fields = {"MsgID": str(msgid), "Status": status}
        self._later(Event("official_account", "TEMPLATESENDJOBFINISH", phone.openid, self._seconds(), fields))

    def sent_later(self, phone: Phone, message: Message, *, shown: bool) -> None:
        """subscribe_msg_sent_event, a moment after the answer to subscribe/send."""
        code, status = ("0", "success") if shown else ("43101", "user refuse to accept the msg")
        item = {"TemplateId": message.template_id, "MsgID": str(message.msgid)}
        items = (item | {"ErrorCode": code, "ErrorStatus": status},)
        self._later(Event("mini_program", "subscribe_msg_sent_event", phone.mini_openid, self._seconds(), items=items))

    async def settle(self) -> None:
        """Wait until no receipt is on its way."""
        await self._couriers.settle()

    async def stop(self) -> None:
        await self._couriers.stop()

    def listing(self) -> list[dict[str, Any]]:
        return [asdict(push) for push in self.done]

    def _later(self, event: Event) -> None:
        if self._platform.switches.receipts:
            self._couriers.later(self.receipt_delay, event)

    def _seconds(self) -> int:
        return int(self._platform.now())

    async def _act(self, phone: Phone, name: str, **fields: str) -> Push:
        created = phone.act(self._platform.now())
        push = await self.push(Event("official_account", name, phone.openid, created, fields))
        if not push.acknowledged and name in ("subscribe", "SCAN"):
            phone.told(self._platform.now(), OUT_OF_ORDER)
        return push

    async def _answer(self, phone: Phone, name: str, *items: dict[str, str]) -> Push:
        created = phone.act(self._platform.now())
        return await self.push(Event("mini_program", name, phone.mini_openid, created, items=items))
