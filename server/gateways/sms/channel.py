"""Texts over Tencent Cloud as a channel of deliveries. It knows no message id of ours: doubt is never sent again."""

import logging
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from models.messages import Channel
from server import clock
from server.gateways.sms.client import SmsNotSent, SmsRefused, SmsUnknown
from server.gateways.sms.codes import Reaction, seconds_to_wait, verdict_on
from server.messages.channels import Failed, InDoubt, Outcome, Outgoing, Refused, Sent, TryLater

_log = logging.getLogger("zcgl")

_BUSY_SECONDS = 5


class _Texts(Protocol):
    async def send(self, mobile: str, template_id: str, params: tuple[str, ...], context: str) -> str: ...


class TencentSmsChannel:
    """`templates`: key of a text -> registered TemplateId. Satisfies server.messages.channels.Sender."""

    def __init__(
        self, client: _Texts, templates: Mapping[str, str], *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._client = client
        self._templates = templates
        self._now = now

    async def send(self, outgoing: Outgoing) -> Outcome:
        """The delivery's id goes along and comes back with the receipt."""
        template_id = self._templates.get(outgoing.template)
        if template_id is None:
            reason = f"没有配置短信模板 {outgoing.template}（ZCGL_SMS_TENCENT__TEMPLATES，zcgl sms-templates 列出全部）"
            return Failed("no_template", reason, pauses=f"template:{outgoing.template}")
        try:
            context = str(outgoing.delivery_id)
            return Sent(await self._client.send(outgoing.address, template_id, outgoing.params, context))
        except SmsNotSent as error:
            return TryLater(_BUSY_SECONDS, "unreachable", f"无法连接短信服务（{error}），系统会自动重试")
        except SmsUnknown as error:
            return InDoubt(f"已发出但未收到短信服务的回答（{error}）", repeatable=False)
        except SmsRefused as error:
            return self._react(error.code, outgoing)

    def _react(self, code: str, outgoing: Outgoing) -> Outcome:
        verdict = verdict_on(code)
        reason = f"{verdict.reason}；{verdict.advice}"
        _log.warning("sms_refused", extra={"facts": {"code": code, "reaction": verdict.reaction}})
        match verdict.reaction:
            case Reaction.IN_DOUBT:
                return InDoubt(reason, repeatable=False)
            case Reaction.FINAL_RECIPIENT:
                return Refused(_short(code), reason)
            case Reaction.LATER | Reaction.WAIT | Reaction.TOMORROW:
                spread = random.randint(0, 2)  # noqa: S311 - not a secret: spreads the retries of one wave
                seconds = seconds_to_wait(verdict, self._now()) + spread
                return TryLater(seconds, _short(code), reason, counts=verdict.reaction is Reaction.LATER)
            case Reaction.FINAL_MESSAGE:
                return Failed(_short(code), reason)
            case Reaction.PAUSE_TEMPLATE:
                return Failed(_short(code), reason, pauses=f"template:{outgoing.template}")
            case Reaction.STOP_CHANNEL:
                return Failed(_short(code), reason, pauses=f"channel:{Channel.SMS}")


def _short(code: str) -> str:
    """What tells one code from another fits the ledger's column: the part after the class."""
    return (code.partition(".")[2] or code or "unknown")[:32]
