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


class TextRefused(Refusal):
    code = "text_refused"
    status = 422
    message = "内容含有不适合的词语，请修改后重试"


class CodeExchange(Protocol):
    async def exchange(self, code: str) -> WechatIdentity:
        """The person behind a wx.login code. Raises CodeRefused, WechatUnavailable."""
        ...


class BindingQr(Protocol):
    async def draw(self, scene: str, seconds: int) -> bytes:
        """A PNG: scanning it brings `scene` (1-32 characters) to us, for `seconds` where WeChat can end it.

        Raises WechatUnavailable.
        """
        ...


class PhoneExchange(Protocol):
    async def mobile(self, code: str) -> str:
        """The mainland mobile behind a code of the mini program's phone button (not wx.login's).

        Raises CodeRefused, WechatUnavailable, and UnfitContact for a number from elsewhere.
        """
        ...


class Followers(Protocol):
    async def unionid_of(self, openid: str) -> str | None:
        """The unionid of somebody who follows the service account, where WeChat tells it. Raises WechatUnavailable."""
        ...


class TextGuard(Protocol):
    async def check(self, openid: str, text: str) -> None:
        """WeChat's opinion of what a person typed in the mini program. Raises TextRefused for risky text only: a
        WeChat that does not answer holds nobody up."""
        ...
