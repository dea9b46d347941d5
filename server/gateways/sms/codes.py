"""What Tencent's SMS service may answer, and the one reaction to each answer: a table, not branches.

The codes are those of the SendSms document (382/55981); the status of one number and the fault of a whole call use
the same names. Reasons and advice are for staff.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server import clock


class Reaction(StrEnum):
    LATER = "later"
    WAIT = "wait"  # a limit that passes: no try
    TOMORROW = "tomorrow"
    IN_DOUBT = "in_doubt"  # their own time-out: it may have been carried out
    FINAL_RECIPIENT = "final_recipient"
    FINAL_MESSAGE = "final_message"
    PAUSE_TEMPLATE = "pause_template"
    STOP_CHANNEL = "stop_channel"


@dataclass(frozen=True)
class Verdict:
    """`seconds`: the least time before another try."""

    reaction: Reaction
    reason: str
    advice: str
    seconds: int = 5


_CONSOLE = "请在腾讯云短信控制台核对后恢复发送"
_RETRIED = "系统会自动重试"
_SENSITIVE = Verdict(Reaction.FINAL_MESSAGE, "短信含有敏感词", "请修改 config/messages.yaml 的文字或联系腾讯云")
_PARAMETERS = Verdict(
    Reaction.FINAL_MESSAGE, "短信变量不合规定", "请核对模板变量的长度和格式（控制台可查变量长度上限）"
)
_TEMPLATE = Verdict(
    Reaction.PAUSE_TEMPLATE, "短信模板未审核通过或与内容不符", "请核对 ZCGL_SMS_TENCENT 的模板编号与控制台"
)
_SIGNATURE = Verdict(Reaction.STOP_CHANNEL, "短信签名未审核通过", _CONSOLE)
_BAD_NUMBER = Verdict(Reaction.FINAL_RECIPIENT, "手机号不正确", "请用户核对登记的手机号")
_TIMED_OUT = Verdict(Reaction.IN_DOUBT, "短信服务处理超时，结果未知", "等待回执")
_BUSY = Verdict(Reaction.LATER, "短信服务内部错误", _RETRIED, 30)
_REQUEST = Verdict(Reaction.FINAL_MESSAGE, "请求不被短信服务接受", "请联系开发人员")
_APP_QUOTA = Verdict(Reaction.TOMORROW, "当日短信发送总量已达上限", "次日零时恢复；如需提高请在控制台调整")
_PERSON_QUOTA = Verdict(Reaction.FINAL_RECIPIENT, "该手机号当日短信条数已达上限", "次日可在台账中重试")
_NO_ACCESS = Verdict(Reaction.STOP_CHANNEL, "短信服务拒绝访问", _CONSOLE)

UNKNOWN = Verdict(Reaction.LATER, "短信服务返回未知错误", "系统会有限次重试；请按错误码查询腾讯云文档", 30)

VERDICTS: dict[str, Verdict] = {
    "FailedOperation.ContainSensitiveWord": _SENSITIVE,
    "InvalidParameter.DirtyWordFound": _SENSITIVE,
    "FailedOperation.InsufficientBalanceInSmsPackage": Verdict(
        Reaction.STOP_CHANNEL, "短信套餐余量不足", "请购买套餐包后恢复发送"
    ),
    "UnauthorizedOperation.ServiceSuspendDueToArrears": Verdict(
        Reaction.STOP_CHANNEL, "短信服务因欠费停止", "请缴费后恢复发送"
    ),
    "FailedOperation.SignatureIncorrectOrUnapproved": _SIGNATURE,
    "FailedOperation.TemplateIncorrectOrUnapproved": _TEMPLATE,
    "FailedOperation.TemplateIdNotExist": _TEMPLATE,
    "FailedOperation.TemplateUnapprovedOrNotExist": _TEMPLATE,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": _TEMPLATE,
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone": _TEMPLATE,
    "InvalidParameterValue.TemplateParameterFormatError": _PARAMETERS,
    "InvalidParameterValue.TemplateParameterLengthLimit": _PARAMETERS,
    "InvalidParameterValue.ContentLengthLimit": _PARAMETERS,
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": _PARAMETERS,
    "InvalidParameterValue.IncorrectPhoneNumber": _BAD_NUMBER,
    "FailedOperation.PhoneNumberParseFail": _BAD_NUMBER,
    "FailedOperation.PhoneNumberInBlacklist": Verdict(
        Reaction.FINAL_RECIPIENT, "该手机号退订了短信", "请用户联系运营商解除免打扰，或绑定微信"
    ),
    "UnsupportedOperation.UnsupportedRegion": Verdict(
        Reaction.FINAL_RECIPIENT, "不支持向该地区发送", "请用户登记大陆手机号或绑定微信"
    ),
    "InvalidParameterValue.SdkAppIdNotExist": _NO_ACCESS,
    "UnauthorizedOperation.RequestIpNotInWhitelist": Verdict(
        Reaction.STOP_CHANNEL, "服务器 IP 不在短信服务白名单", "请在控制台加入本服务器出口地址后恢复发送"
    ),
    "UnauthorizedOperation.RequestPermissionDeny": _NO_ACCESS,
    "UnauthorizedOperation.SdkAppIdIsDisabled": _NO_ACCESS,
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": _NO_ACCESS,
    "FailedOperation.NotEnterpriseCertification": _NO_ACCESS,
    "FailedOperation.MarketingSendTimeConstraint": Verdict(
        Reaction.PAUSE_TEMPLATE, "模板被认定为营销短信，限8点到22点发送", "请以通知类模板重新申请"
    ),
    "LimitExceeded.PhoneNumberThirtySecondLimit": Verdict(Reaction.WAIT, "同一手机号30秒内已发过", _RETRIED, 31),
    "LimitExceeded.PhoneNumberOneHourLimit": Verdict(Reaction.WAIT, "同一手机号1小时内条数已满", _RETRIED, 3600),
    "LimitExceeded.DeliveryFrequencyLimit": Verdict(Reaction.WAIT, "命中短信频率限制", _RETRIED, 60),
    "LimitExceeded.PhoneNumberDailyLimit": _PERSON_QUOTA,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": _PERSON_QUOTA,
    "LimitExceeded.AppDailyLimit": _APP_QUOTA,
    "LimitExceeded.AppMainlandChinaDailyLimit": _APP_QUOTA,
    "LimitExceeded.DailyLimit": _APP_QUOTA,
    "RequestLimitExceeded": Verdict(Reaction.LATER, "短信接口调用过于频繁", _RETRIED, 2),
    "InternalError.Timeout": _TIMED_OUT,
    "InternalError.SendAndRecvFail": _TIMED_OUT,
    "InternalError.RequestTimeException": Verdict(
        Reaction.STOP_CHANNEL, "本机时间与腾讯云相差过大", "请校准服务器时间后恢复发送"
    ),
    "InternalError": _BUSY,
    "FailedOperation": _REQUEST,
    "InvalidParameter": _REQUEST,
    "InvalidParameterValue": _REQUEST,
    "MissingParameter": _REQUEST,
    "UnsupportedOperation": _REQUEST,
    "UnauthorizedOperation": _NO_ACCESS,
    "AuthFailure": Verdict(Reaction.STOP_CHANNEL, "短信服务密钥校验失败", "请核对 ZCGL_SMS_TENCENT 的密钥与服务器时间"),
}


def verdict_on(code: str) -> Verdict:
    """By the whole code, else by its class (AuthFailure.SignatureFailure is an AuthFailure)."""
    return VERDICTS.get(code) or VERDICTS.get(code.partition(".")[0]) or UNKNOWN


def seconds_to_wait(verdict: Verdict, now: datetime) -> int:
    """The least time before another try; a daily quota is reset at midnight in Beijing."""
    if verdict.reaction is not Reaction.TOMORROW:
        return verdict.seconds
    tomorrow = now.astimezone(clock.SHANGHAI).date() + timedelta(days=1)
    return int((clock.at(tomorrow, "00:00") - now).total_seconds()) + 1
