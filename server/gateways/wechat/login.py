"""Mini-program login: a wx.login code for the person behind it."""

from typing import Protocol

from server.accounts.wechat_identity import CodeRefused, WechatIdentity, WechatUnavailable
from server.gateways.wechat.client import Login
from server.gateways.wechat.errors import ApiError, CallFailed, Reaction, verdict_on


class _Codes(Protocol):
    async def code_to_session(self, code: str) -> Login: ...


class MiniProgramLogin:
    """Satisfies server.accounts.wechat_identity.CodeExchange."""

    def __init__(self, client: _Codes) -> None:
        self._client = client

    async def exchange(self, code: str) -> WechatIdentity:
        """A code is good for one exchange within five minutes, so a lost answer asks for a new code too."""
        try:
            login = await self._client.code_to_session(code)
        except ApiError as error:
            raise _refusal(error) from error
        except CallFailed as error:
            raise WechatUnavailable from error
        return WechatIdentity(login.openid, login.unionid)


def _refusal(error: ApiError) -> CodeRefused | WechatUnavailable:
    verdict = verdict_on(error)
    if verdict.reaction is Reaction.ASK_AGAIN:
        return CodeRefused()
    if verdict.reaction is Reaction.FINAL_RECIPIENT:
        return CodeRefused(f"{verdict.reason}，{verdict.advice}")
    return WechatUnavailable(retry_after=verdict.seconds)
