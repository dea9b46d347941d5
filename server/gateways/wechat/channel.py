"""Template messages of the service account and subscribe messages of the mini program: two channels, one mechanism."""

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar, Generic, Protocol, TypeVar

from models.messages import Channel
from server import clock
from server.gateways.wechat.errors import ApiError, NotSent, Reaction, UnknownOutcome, seconds_to_wait, verdict_on
from server.gateways.wechat.messages import SubscribeMessage, TemplateMessage
from server.gateways.wechat.quotas import TokenBucket
from server.messages.channels import Failed, InDoubt, Outcome, Outgoing, Refused, Sent, TryLater

_log = logging.getLogger(__name__)

AT_ONCE = 32
_BUSY_SECONDS = 5
_STOPPED = TryLater(1, "stopped", "系统重启，尚未发送，稍后自动发送")
_LATER = frozenset({Reaction.RETRY_LATER, Reaction.REFRESH_TOKEN})
FOR_THE_PERSON = frozenset({Reaction.FINAL_RECIPIENT, Reaction.ASK_AGAIN})


class _Templates(Protocol):
    async def send_template(self, message: TemplateMessage) -> str: ...


class _Subscriptions(Protocol):
    async def send_subscribe(self, message: SubscribeMessage) -> str: ...


C = TypeVar("C")


class WechatChannel(ABC, Generic[C]):
    """At most `at_once` calls in flight and `rate` of them a second. `templates`: our key -> WeChat's template id.
    Satisfies server.messages.channels.Sender."""

    channel: ClassVar[Channel]
    setting: ClassVar[str]  # where an operator names the templates
    knows_repetitions: ClassVar[bool]

    def __init__(
        self,
        client: C,
        templates: Mapping[str, str],
        *,
        at_once: int = AT_ONCE,
        rate: float = float("inf"),
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._client = client
        self._templates = templates
        self._places = asyncio.Semaphore(at_once)
        self._pace = TokenBucket(rate)
        self._now = now

    async def send(self, outgoing: Outgoing) -> Outcome:
        template_id = self._templates.get(outgoing.template)
        if template_id is None:
            return Failed("no_template", f"没有配置微信模板 {outgoing.template}（{self.setting}）")
        waiting = True
        try:
            async with self._places:
                await self._pace.turn()
                waiting = False
                return await self._answer(outgoing, template_id)
        except asyncio.CancelledError:
            if not waiting:
                raise
            return _STOPPED  # nothing has left us: there is no doubt that somebody would have to live with

    async def _answer(self, outgoing: Outgoing, template_id: str) -> Outcome:
        try:
            return Sent(await self._call(outgoing, template_id))
        except NotSent as error:
            return TryLater(_BUSY_SECONDS, "unreachable", f"无法连接微信服务器（{error}），系统会自动重试")
        except UnknownOutcome as error:
            return InDoubt(f"已发出但未收到微信的回答（{error}）", repeatable=self.knows_repetitions)
        except ApiError as error:
            return self._react(error, outgoing.template)

    @abstractmethod
    async def _call(self, outgoing: Outgoing, template_id: str) -> str:
        """The msgid, empty where WeChat tells none. Raises CallFailed."""

    def _react(self, error: ApiError, template: str) -> Outcome:
        verdict = verdict_on(error)
        code, reason = str(error.code), f"{verdict.reason}；{verdict.advice}"
        _log.warning("wechat refused a message: %s (%s) %s", code, verdict.reaction, error.message)
        if verdict.reaction in _LATER:
            spread = random.randint(0, 2)  # noqa: S311 - not a secret: spreads the retries of one wave
            return TryLater(seconds_to_wait(error, self._now()) + spread, code, reason)
        if verdict.reaction in FOR_THE_PERSON:
            return Refused(code, reason)
        scopes = {
            Reaction.PAUSE_TEMPLATE: f"template:{template}",
            Reaction.STOP_CHANNEL: f"channel:{self.channel.value}",
        }
        return Failed(code, reason, scopes.get(verdict.reaction, ""))


class OfficialAccountChannel(WechatChannel[_Templates]):
    channel = Channel.WECHAT
    setting = "ZCGL_WECHAT__TEMPLATES"
    knows_repetitions = True

    async def _call(self, outgoing: Outgoing, template_id: str) -> str:
        message = TemplateMessage(
            openid=outgoing.address,
            template_id=template_id,
            fields=outgoing.fields,
            client_msg_id=outgoing.client_msg_id,
            url=outgoing.url,
        )
        return await self._client.send_template(message)


class MiniProgramChannel(WechatChannel[_Subscriptions]):
    """`state` of the mini program that a message opens: developer, trial or formal."""

    channel = Channel.MINI_PROGRAM
    setting = "ZCGL_WECHAT__SUBSCRIBE_TEMPLATES"
    knows_repetitions = False

    def __init__(
        self,
        client: _Subscriptions,
        templates: Mapping[str, str],
        *,
        state: str,
        at_once: int = AT_ONCE,
        rate: float = float("inf"),
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        super().__init__(client, templates, at_once=at_once, rate=rate, now=now)
        self._state = state

    async def _call(self, outgoing: Outgoing, template_id: str) -> str:
        message = SubscribeMessage(
            openid=outgoing.address,
            template_id=template_id,
            fields=outgoing.fields,
            state=self._state,
            page=outgoing.url,
        )
        return await self._client.send_subscribe(message)
