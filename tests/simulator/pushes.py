"""Callbacks to the service, signed and (in secure mode) sealed as WeChat does, with its three tries."""

import asyncio
import secrets
from dataclasses import asdict, dataclass
from typing import Any
from xml.parsers.expat import ExpatError

import aiohttp
import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatException
from wechatpy.utils import WeChatSigner

from tests.simulator.platform import Message, Phone, Platform

TRIES = 3
OUT_OF_ORDER = "该服务号提供的服务出现故障，请稍后再试"


@dataclass
class Push:
    """One event and what became of it."""

    event: str
    openid: str
    tries: int = 0
    acknowledged: bool = False
    answer: str = ""  # of the last try: an HTTP status or why there was none


class Pushes:
    """Pushes to `callback_url`; a try may take WeChat's five seconds (`try_seconds`), the next comes `pause` later."""

    def __init__(self, platform: Platform, http: aiohttp.ClientSession, callback_url: str) -> None:
        self._platform = platform
        self._http = http
        self._setup = platform.setup.official_account
        self._running: set[asyncio.Task[Push]] = set()
        self.callback_url = callback_url
        self.pause = platform.setup.callback_retry_seconds
        self.try_seconds = 5.0
        self.receipt_delay = 0.2
        self.done: list[Push] = []

    async def follow(self, phone: Phone, *, scene: str = "", ticket: str = "") -> Push:
        phone.follows = True
        phone.messages.append(Message("notice", self._platform.now(), text="你已关注该服务号"))
        key = f"qrscene_{scene}" if scene else ""
        return await self._push(phone, "subscribe", EventKey=key, **({"Ticket": ticket} if ticket else {}))

    async def unfollow(self, phone: Phone) -> Push:
        phone.follows = False
        phone.messages.append(Message("notice", self._platform.now(), text="你已取消关注该服务号"))
        return await self._push(phone, "unsubscribe", EventKey="")

    async def scan(self, phone: Phone, scene: str, ticket: str) -> Push:
        """A phone that does not follow yet follows by scanning."""
        if not phone.follows:
            return await self.follow(phone, scene=scene, ticket=ticket)
        return await self._push(phone, "SCAN", EventKey=scene, Ticket=ticket)

    def receipt_later(self, phone: Phone, msgid: int, status: str) -> None:
        """TEMPLATESENDJOBFINISH, a moment after the answer to template/send."""
        task = asyncio.create_task(self._receipt(phone, msgid, status))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def settle(self) -> None:
        """Wait until no receipt is on its way."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await self.settle()

    def listing(self) -> list[dict[str, Any]]:
        return [asdict(push) for push in self.done]

    async def _receipt(self, phone: Phone, msgid: int, status: str) -> Push:
        await asyncio.sleep(self.receipt_delay)
        return await self._push(phone, "TEMPLATESENDJOBFINISH", MsgID=str(msgid), Status=status)

    async def _push(self, phone: Phone, event: str, **fields: str) -> Push:
        created = int(self._platform.now())
        xml = event_xml(self._setup.appid, phone.openid, created, Event=event, **fields)
        push = Push(event, phone.openid)
        self.done.append(push)
        while push.tries < TRIES and not push.acknowledged:
            if push.tries:
                await asyncio.sleep(self.pause)
            push.tries += 1
            await self._try(push, phone, xml)
        if not push.acknowledged and event in ("subscribe", "SCAN"):
            phone.messages.append(Message("notice", self._platform.now(), text=OUT_OF_ORDER))
        return push

    async def _try(self, push: Push, phone: Phone, xml: str) -> None:
        query, body = self.signed(xml)
        try:
            async with self._http.post(
                self.callback_url,
                params=query,
                data=body,
                headers={"Content-Type": "text/xml"},
                timeout=aiohttp.ClientTimeout(total=self.try_seconds),
            ) as reply:
                push.answer = str(reply.status)
                if reply.status == 200:
                    self._take_reply(phone, (await reply.text()).strip())
                    push.acknowledged = True
        except (aiohttp.ClientError, TimeoutError, OSError, *_UNREADABLE) as error:
            push.answer = type(error).__name__

    def signed(self, xml: str) -> tuple[dict[str, str], bytes]:
        """Query and body of one push of `xml`."""
        timestamp, nonce = str(int(self._platform.now())), secrets.token_hex(5)
        token = self._setup.token.get_secret_value()
        query = {"signature": _sign(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
        if self._setup.mode == "plain":
            return query, xml.encode()
        sealed = xmltodict.parse(self._crypto().encrypt_message(xml, nonce, timestamp))["xml"]
        query |= {"encrypt_type": "aes", "msg_signature": sealed["MsgSignature"]}
        outer = f"<xml><ToUserName><![CDATA[gh]]></ToUserName><Encrypt><![CDATA[{sealed['Encrypt']}]]></Encrypt></xml>"
        return query, outer.encode()

    def _take_reply(self, phone: Phone, body: str) -> None:
        """A passive reply appears on the phone. Raises what _UNREADABLE names when it is neither ack nor reply."""
        if body in ("", "success"):
            return
        reply = xmltodict.parse(body)["xml"]
        if self._setup.mode == "secure":
            opened = self._crypto().decrypt_message(body, reply["MsgSignature"], reply["TimeStamp"], reply["Nonce"])
            reply = xmltodict.parse(opened)["xml"]
        phone.messages.append(Message("text", self._platform.now(), text=reply["Content"]))

    def _crypto(self) -> WeChatCrypto:
        setup = self._setup
        return WeChatCrypto(setup.token.get_secret_value(), setup.encoding_aes_key.get_secret_value(), setup.appid)


_UNREADABLE = (ExpatError, KeyError, ValueError, TypeError, IndexError, WeChatException)


def event_xml(account: str, openid: str, created: int, **fields: str) -> str:
    parts = {"ToUserName": f"gh_{account}", "FromUserName": openid, "MsgType": "event", **fields}
    nodes = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in parts.items())
    return f"<xml>{nodes}<CreateTime>{created}</CreateTime></xml>"


def _sign(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)
