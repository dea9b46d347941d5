"""What WeChat may answer, and the one reaction to each answer: a table, not branches.

Texts of WeChat (`errmsg`) change without notice and are only kept for the log; reactions go by `errcode`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server import clock

STABLE_TOKEN = "cgi-bin/stable_token"  # noqa: S105 - the name of an endpoint
QR_CODE = "cgi-bin/qrcode/create"
WXA_CODE = "wxa/getwxacodeunlimit"
QUOTA = 45009


class Reaction(StrEnum):
    RETRY_LATER = "retry_later"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a reaction, not a secret
    ASK_AGAIN = "ask_again"  # only the person can help: a new code, a new consent
    FINAL_RECIPIENT = "final_recipient"
    FINAL_MESSAGE = "final_message"
    PAUSE_TEMPLATE = "pause_template"
    STOP_CHANNEL = "stop_channel"


class CallFailed(Exception):
    """A call to WeChat brought no result."""


class NotSent(CallFailed):
    """WeChat did not take the request: no connection, or it said it is busy. Sending again is safe."""


class UnknownOutcome(CallFailed):
    """The request left us and no readable answer came: it may have been carried out."""


class ApiError(CallFailed):
    """WeChat answered with an errcode other than 0. `endpoint` as in the address: cgi-bin/stable_token."""

    def __init__(self, code: int, message: str, endpoint: str) -> None:
        self.code = code
        self.message = message
        self.endpoint = endpoint
        super().__init__(f"{endpoint}: {code} {message}")


@dataclass(frozen=True)
class Verdict:
    """`reason` and `advice` are for staff; `seconds` is the least time before another try."""

    reaction: Reaction
    reason: str
    advice: str
    seconds: int = 5


_BUSY = Verdict(Reaction.RETRY_LATER, "微信系统繁忙", "系统会自动重试")
_BAD_TOKEN = Verdict(
    Reaction.REFRESH_TOKEN, "微信接口凭证失效", "系统会自动更换；持续出现时请检查 AppSecret 是否被重置", 60
)
_WRONG_CODE = Verdict(Reaction.ASK_AGAIN, "微信登录凭证无效或已使用", "请用户重新操作")
_WRONG_CONTENT = Verdict(
    Reaction.FINAL_MESSAGE, "消息内容不符合模板要求", "请核对 config/messages.yaml 的字段与微信模板"
)
_BAD_REQUEST = Verdict(Reaction.FINAL_MESSAGE, "请求参数不符合微信要求", "请联系开发人员")
_WRONG_ADDRESS = Verdict(Reaction.FINAL_MESSAGE, "消息中的跳转地址无效", "请核对对外访问地址和小程序页面")
_RESTRICTED = Verdict(Reaction.PAUSE_TEMPLATE, "微信限制了该模板的发送", "请登录公众平台查看通知并申诉或更换模板")
_SETUP = "请在公众平台核对并修改配置"

UNKNOWN = Verdict(Reaction.RETRY_LATER, "微信返回未知错误", "系统会有限次重试；请按错误码查询微信文档", 30)
WRONG_SECRET = Verdict(Reaction.STOP_CHANNEL, "AppSecret 不正确", "请核对 ZCGL_WECHAT 的 secret 后重启服务")

VERDICTS: dict[int, Verdict] = {
    -1: _BUSY,
    40001: _BAD_TOKEN,
    40014: _BAD_TOKEN,
    42001: _BAD_TOKEN,
    40013: Verdict(Reaction.STOP_CHANNEL, "AppID 不正确", _SETUP),
    40125: WRONG_SECRET,
    40164: Verdict(Reaction.STOP_CHANNEL, "服务器 IP 不在白名单", "请在公众平台“IP 白名单”加入本服务器出口地址"),
    48001: Verdict(Reaction.STOP_CHANNEL, "账号没有该接口权限", "请确认账号已认证并开通接口"),
    45103: Verdict(Reaction.STOP_CHANNEL, "该接口已被微信停用", "请联系开发人员"),
    40003: Verdict(Reaction.FINAL_RECIPIENT, "用户标识无效", "绑定已失效，请用户重新绑定微信"),
    43004: Verdict(Reaction.FINAL_RECIPIENT, "用户未关注服务号", "请用户关注服务号后可再收到提醒"),
    43101: Verdict(
        Reaction.ASK_AGAIN, "用户未同意接收或已拒收此类消息", "请用户开启消息提醒，或在小程序中再次同意接收"
    ),
    43104: Verdict(Reaction.FINAL_RECIPIENT, "用户标识不属于本应用", "绑定已失效，请用户重新绑定微信"),
    45047: Verdict(Reaction.ASK_AGAIN, "客服消息条数已达上限", "用户再次与服务号互动后可发送"),
    43107: _RESTRICTED,
    43116: _RESTRICTED,
    40249: Verdict(Reaction.PAUSE_TEMPLATE, "微信认定消息含营销内容", "请修改模板或字段内容"),
    43108: Verdict(Reaction.RETRY_LATER, "同一用户的消息发送过快", "系统会自动重试", 1),
    40008: _BAD_REQUEST,
    40036: _WRONG_CONTENT,
    40037: Verdict(Reaction.FINAL_MESSAGE, "模板编号无效", "请核对 ZCGL_WECHAT 的模板编号与公众平台是否一致"),
    40097: _WRONG_CONTENT,
    47003: _WRONG_CONTENT,
    45168: Verdict(Reaction.FINAL_MESSAGE, "消息含微信禁止的词语", "请修改内容"),
    40039: _WRONG_ADDRESS,
    41030: _WRONG_ADDRESS,
    QUOTA: Verdict(Reaction.RETRY_LATER, "接口调用次数已用完", "次日零时（二维码为下一分钟）恢复，系统会自动继续", 60),
    45011: Verdict(Reaction.RETRY_LATER, "接口调用过于频繁", "一分钟后自动重试", 60),
    40129: _BAD_REQUEST,
    40169: _BAD_REQUEST,
    44002: _BAD_REQUEST,
    47001: _BAD_REQUEST,
    40029: _WRONG_CODE,
    40163: _WRONG_CODE,
    41008: _WRONG_CODE,
    40226: Verdict(Reaction.FINAL_RECIPIENT, "微信认定该用户存在风险", "请用户在微信内按提示处理"),
}

_BY_THE_MINUTE = frozenset({QR_CODE, WXA_CODE})  # every other quota is one of the day
BAD_TOKEN = frozenset(code for code, verdict in VERDICTS.items() if verdict.reaction is Reaction.REFRESH_TOKEN)


def verdict_on(error: ApiError) -> Verdict:
    """A bad token answered by the token endpoint itself can only mean a wrong secret."""
    if error.code in BAD_TOKEN and error.endpoint == STABLE_TOKEN:
        return WRONG_SECRET
    return VERDICTS.get(error.code, UNKNOWN)


def seconds_to_wait(error: ApiError, now: datetime) -> int:
    """The least time before the call may be tried again; a daily quota is reset at midnight in Beijing."""
    if error.code == QUOTA and error.endpoint not in _BY_THE_MINUTE:
        tomorrow = now.astimezone(clock.SHANGHAI).date() + timedelta(days=1)
        return int((clock.at(tomorrow, "00:00") - now).total_seconds()) + 1
    return verdict_on(error).seconds
