"""WeChat's later word on a message it accepted, as a receipt."""

from server.gateways.wechat.channel import FOR_THE_PERSON
from server.gateways.wechat.errors import ApiError, verdict_on
from server.gateways.wechat.events import Callback, SendResult
from server.messages.channels import Delivered, Failed, Receipt, Refused

_SHOWN = "success"
_ARRIVED = "0"
_BLOCKED = Refused("user_block", "用户拒收服务号消息；请用户在服务号中重新开启消息提醒")
_BROKEN = Failed("system_failed", "微信系统发送失败；可在台账中重试")


def template_receipt(callback: Callback) -> Receipt:
    """TEMPLATESENDJOBFINISH: success, failed:user block, failed: system failed."""
    if callback.status == _SHOWN:
        return Receipt(callback.message_id, Delivered())
    return Receipt(callback.message_id, _BLOCKED if "user" in callback.status else _BROKEN)


def subscribe_receipt(openid: str, result: SendResult) -> Receipt:
    """One item of subscribe_msg_sent_event; its code is one of the errcodes. The number of a subscribe message is not
    documented to be told when it is sent, so person and template stand beside it."""
    return Receipt(result.message_id, _outcome(result), address=openid, template_id=result.template_id)


def _outcome(result: SendResult) -> Delivered | Refused | Failed:
    if result.code == _ARRIVED:
        return Delivered()
    verdict = verdict_on(ApiError(_number(result.code), result.status, "subscribe_msg_sent_event"))
    kind = Refused if verdict.reaction in FOR_THE_PERSON else Failed
    return kind(result.code[:32], f"{verdict.reason}；{verdict.advice}")


def _number(code: str) -> int:
    """0, which is in no table, for what is no errcode."""
    return int(code) if code.removeprefix("-").isdecimal() else 0
