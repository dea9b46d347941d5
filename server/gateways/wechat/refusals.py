"""What a call to WeChat that brought nothing means to the person who waits."""

from server.accounts.wechat_identity import CodeRefused, WechatUnavailable
from server.gateways.wechat.errors import ApiError, CallFailed, Reaction, verdict_on


def unavailable(error: CallFailed) -> WechatUnavailable:
    if isinstance(error, ApiError):
        return WechatUnavailable(retry_after=verdict_on(error).seconds)
    return WechatUnavailable()


def code_refused(error: CallFailed) -> CodeRefused | WechatUnavailable:
    """A code is good for one exchange within five minutes, so a lost answer asks for a new code too."""
    if not isinstance(error, ApiError):
        return unavailable(error)
    verdict = verdict_on(error)
    if verdict.reaction is Reaction.ASK_AGAIN:
        return CodeRefused()
    if verdict.reaction is Reaction.FINAL_RECIPIENT:
        return CodeRefused(f"{verdict.reason}，{verdict.advice}")
    return unavailable(error)
