"""What happens next, and who has to do it: computed from the state, never stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from models.applications import Application, State


@dataclass(frozen=True)
class NextAction:
    """`who`: applicant, staff or nobody; `by_when`: the last date, where there is one."""

    who: str
    what: str
    by_when: date | None
    why: str


_NEXT: Mapping[State, tuple[str, str, str]] = MappingProxyType(
    {
        State.DRAFT: ("applicant", "补充材料后提交审核", "申请尚未提交"),
        State.SUBMITTED: ("staff", "等待协会审核", "协会对申请材料进行审核，结果将通过系统消息通知"),
        State.REJECTED: ("applicant", "根据审核意见修改后重新提交", "审核未通过"),
        State.APPROVED_TO_BOOK: ("applicant", "预约现场办理时间", "材料审核通过后需要在30天内办理完成"),
        State.BOOKED: ("applicant", "按预约时间到场办理", "已预约现场办理时间"),
        State.APPROVED_TO_PROCESS: ("staff", "等待协会办理", "材料已审核通过，无需到现场"),
        State.HANDLED_TO_PRINT: ("staff", "等待协会制证", "现场办理已完成"),
        State.PRINTED_TO_COLLECT: ("applicant", "在工作时间到协会现场取证", "证书已制作完成"),
        State.DONE: ("nobody", "无需操作", "业务已办理完成"),
        State.EXPIRED: ("applicant", "复制为新申请后重新提交办理材料", "未在30天内办理完成"),
    }
)


def next_action(application: Application, *, remark: str = "", visit_on: date | None = None) -> NextAction:
    """`remark`: what the last review said; `visit_on`: the day of the live appointment."""
    who, what, why = _NEXT[application.state]
    if application.state is State.BOOKED:
        return NextAction(who, what, visit_on or application.expires_on, why)
    if application.state is State.REJECTED:
        return NextAction(who, what, None, remark or why)
    waiting = application.state is State.APPROVED_TO_BOOK
    return NextAction(who, what, application.expires_on if waiting else None, why)
