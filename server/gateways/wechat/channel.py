"""Template messages of the service account, as a channel of deliveries."""

import logging
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from server import clock
from server.gateways.wechat.client import TemplateMessage
from server.gateways.wechat.errors import ApiError, NotSent, Reaction, UnknownOutcome, seconds_to_wait, verdict_on
from server.messages.channels import Failed, InDoubt, Outcome, Outgoing, Refused, Sent, TryLater

_log = logging.getLogger(__name__)

_FIELD_LENGTH = 20  # WeChat cuts what is longer without a word (official notice, 2023-05-04)
_BUSY_SECONDS = 5

_LATER = frozenset({Reaction.RETRY_LATER, Reaction.REFRESH_TOKEN, Reaction.SERIALISE})
_RECIPIENT = frozenset({Reaction.FINAL_RECIPIENT, Reaction.ASK_AGAIN})


class _Templates(Protocol):
    async def send_template(self, message: TemplateMessage) -> str: ...


class OfficialAccountChannel:
    """`templates`: our key -> WeChat's template id. Satisfies server.messages.channels.Sender."""

    def __init__(
        self, client: _Templates, templates: Mapping[str, str], *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._client = client
        self._templates = templates
        self._now = now

    async def send(self, outgoing: Outgoing) -> Outcome:
        template_id = self._templates.get(outgoing.template)
        if template_id is None:
            return Failed("no_template", f"没有配置微信模板 {outgoing.template}（ZCGL_WECHAT__TEMPLATES）")
        try:
            return Sent(await self._client.send_template(_message(outgoing, template_id)))
        except NotSent as error:
            return TryLater(_BUSY_SECONDS, "unreachable", f"无法连接微信服务器（{error}），系统会自动重试")
        except UnknownOutcome as error:
            return InDoubt(f"已发出但未收到微信的回答（{error}）")
        except ApiError as error:
            return self._react(error)

    def _react(self, error: ApiError) -> Outcome:
        verdict = verdict_on(error)
        code, reason = str(error.code), f"{verdict.reason}；{verdict.advice}"
        _log.warning("wechat refused a message: %s (%s) %s", code, verdict.reaction, error.message)
        if verdict.reaction in _LATER:
            spread = random.randint(0, 2)  # noqa: S311 - not a secret: spreads the retries of one wave
            return TryLater(seconds_to_wait(error, self._now()) + spread, code, reason)
        if verdict.reaction in _RECIPIENT:
            return Refused(code, reason)
        return Failed(code, reason)


def _message(outgoing: Outgoing, template_id: str) -> TemplateMessage:
    return TemplateMessage(
        openid=outgoing.address,
        template_id=template_id,
        fields={key: fit_field(value) for key, value in outgoing.fields.items()},
        client_msg_id=outgoing.client_msg_id,
        url=outgoing.url,
    )


def fit_field(value: str) -> str:
    """One line of at most 20 characters, with an ellipsis where something was left out."""
    line = " ".join(value.split())
    return line if len(line) <= _FIELD_LENGTH else line[: _FIELD_LENGTH - 1] + "…"
