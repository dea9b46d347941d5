"""Who a person is to WeChat, and what accounts need from WeChat to learn it."""

from dataclasses import dataclass
from typing import Protocol

from server.errors import Refusal, Unavailable


@dataclass(frozen=True)
class WechatIdentity:
    """One person in one app. `unionid` joins the same person's openids, where WeChat tells it."""

    openid: str
    unionid: str | None = None


class CodeRefused(Refusal):
    """The wx.login code is unknown, used or too old; only a new one helps."""

    code = "wechat_code_refused"
    status = 422
    message = "微信登录凭证已失效，请重试"


class WechatUnavailable(Unavailable):
    """WeChat did not answer, or refused for a reason that is not the caller's."""

    code = "wechat_unavailable"
    message = "微信暂时没有响应，请稍后再试"


class CodeExchange(Protocol):
    async def exchange(self, code: str) -> WechatIdentity:
        """The person behind a wx.login code. Raises CodeRefused, WechatUnavailable."""
        ...


class BindingQr(Protocol):
    async def create(self, scene: str, seconds: int) -> str:
        """The url to draw as a QR code: scanning it reports `scene` (1-64 characters) for `seconds`.

        Raises WechatUnavailable.
        """
        ...
