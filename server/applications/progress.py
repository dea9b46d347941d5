"""What happens next, and who has to do it: computed from the state, never stored."""

from dataclasses import dataclass
from datetime import date

from models.applications import Application, State


@dataclass(frozen=True)
class NextAction:
    """`who`: applicant, staff or nobody; `by_when`: the last date, where there is one."""

    who: str
    what: str
    by_when: date | None
    why: str


_NEXT: dict[State, tuple[str, str, str]] = {
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


def next_action(application: Application) -> NextAction:
    who, what, why = _NEXT[application.state]
    waiting = application.state in (State.APPROVED_TO_BOOK, State.BOOKED)
    return NextAction(who, what, application.expires_on if waiting else None, why)
