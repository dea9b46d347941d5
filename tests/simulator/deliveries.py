"""How one event reaches the service: up to three tries, faults on the way, copies of what has arrived."""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass
from xml.parsers.expat import ExpatError

import aiohttp
from wechatpy.exceptions import WeChatException

from config.settings import WechatApp
from tests.simulator.envelopes import TYPES, Envelopes
from tests.simulator.events import Event, Format
from tests.simulator.faults import Faults
from tests.simulator.phones import Message
from tests.simulator.platform import Platform

TRIES = 3
KEPT = 1000  # pushes that are listed
_UNREADABLE = (ExpatError, KeyError, ValueError, TypeError, IndexError, WeChatException)


@dataclass(slots=True)
class Push:
    """One event and what became of it."""

    event: str
    openid: str
    app: WechatApp = "official_account"
    tries: int = 0
    acknowledged: bool = False
    answer: str = ""  # of the last try: an HTTP status or why there was none


class Deliveries:
    """To `callback_url`, and those of the mini program to its sibling; a try may take WeChat's five seconds
    (`try_seconds`), the next comes `pause` later."""

    def __init__(self, platform: Platform, faults: Faults, http: aiohttp.ClientSession, callback_url: str) -> None:
        self._platform = platform
        self._faults = faults
        self._http = http
        setup = platform.setup
        self._apps = {"official_account": setup.official_account, "mini_program": setup.mini_program}
        self._envelopes = {name: Envelopes(app, platform.now) for name, app in self._apps.items()}
        self.callback_url = callback_url
        self.mini_callback_url = ""  # unset: the sibling of callback_url
        self.pause = setup.callback_retry_seconds
        self.try_seconds = 5.0
        self.done: deque[Push] = deque(maxlen=KEPT)
        self._events: deque[Event] = deque(maxlen=KEPT)

    async def push(self, event: Event) -> Push:
        push = Push(event.name, event.openid, event.app)
        self.done.append(push)
        self._events.append(event)
        while push.tries < TRIES and not push.acknowledged:
            if push.tries:
                await asyncio.sleep(self.pause)
            push.tries += 1
            push.acknowledged = await self._try(push, event)
        if push.acknowledged:
            for _ in range(self._platform.switches.copies):
                await self._try(push, event)
        return push

    async def again(self, count: int) -> list[Push]:
        """The last `count` events once more, as they were."""
        return [await self.push(event) for event in list(self._events)[-count:]]

    async def check_url(self, app: WechatApp) -> bool:
        """WeChat's check when an address is entered: the echostr comes back as it was."""
        echo = secrets.token_hex(8)
        query = {**self._envelopes[app].query(), "echostr": echo}
        limit = aiohttp.ClientTimeout(total=self.try_seconds)
        try:
            async with self._http.get(self.url_of(app), params=query, timeout=limit) as answer:
                return answer.status == 200 and await answer.text() == echo
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    def forget(self) -> None:
        self.done.clear()
        self._events.clear()

    def signed(self, text: str, app: WechatApp = "official_account") -> tuple[dict[str, str], bytes]:
        """Query and body of one push of `text`, an event of `app`."""
        return self._envelopes[app].signed(text, self._format(app))

    def url_of(self, app: WechatApp) -> str:
        if app == "official_account":
            return self.callback_url
        return self.mini_callback_url or self.callback_url.replace("official-account", "mini-program")

    def _format(self, app: WechatApp) -> Format:
        """The service account has XML only."""
        return self._platform.switches.mini_program_format if app == "mini_program" else "xml"

    async def _try(self, push: Push, event: Event) -> bool:
        """Whether WeChat takes it for acknowledged. A fault may lose it, or the answer to it, on the way."""
        fault = self._faults.next_for(f"callback/{event.name}")
        if fault and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault and fault.drop == "request":
            push.answer = "lost"
            return False
        try:
            push.answer = await self._post(event)
        except (aiohttp.ClientError, TimeoutError, OSError, *_UNREADABLE) as error:
            push.answer = type(error).__name__
        return push.answer == "200" and not (fault and fault.drop)

    async def _post(self, event: Event) -> str:
        """The HTTP status. Raises also what _UNREADABLE names, for an answer that is neither an ack nor a reply."""
        format_ = self._format(event.app)
        query, body = self.signed(event.written(format_, self._apps[event.app].appid), event.app)
        async with self._http.post(
            self.url_of(event.app),
            params=query,
            data=body,
            headers={"Content-Type": TYPES[format_]},
            timeout=aiohttp.ClientTimeout(total=self.try_seconds),
        ) as answer:
            if answer.status == 200:
                self._take_reply(event, (await answer.text()).strip())
            return str(answer.status)

    def _take_reply(self, event: Event, said: str) -> None:
        """A passive reply of the service account appears on the phone."""
        phone = self._platform.phones.get(event.openid)
        if phone and said not in ("", "success"):
            text = self._envelopes[event.app].reply_of(said)
            phone.see(Message("text", self._platform.now(), text=text))
