"""Every way in which an application is refused."""

from server.errors import Forbidden, Invalid, NotFound, Refusal


class ApplicationNotFound(NotFound):
    message = "没有找到该申请"


class NotForApplicant(Forbidden):
    code = "not_for_applicant"
    message = "当前账号类型不能办理该业务"


class WindowClosed(Refusal):
    """The business is filed only in its window (decisions D17); the text is the business's own."""

    code = "window_closed"


class NoWindow(Invalid):
    code = "no_window"
    message = "该业务没有申报期"


class WindowBackwards(Invalid):
    code = "window_backwards"
    message = "截止日期不能早于开始日期"


class CommitmentChanged(Refusal):
    code = "commitment_changed"
    message = "承诺书内容已更新，请重新阅读并同意"


class OnlyYourself(Forbidden):
    code = "only_yourself"
    message = "协会代管注册会计师只能办理本人业务"


class StaleVersion(Refusal):
    """If-Match names an older version."""

    code = "stale_version"
    status = 412
    message = "内容已被更新，请刷新后重试"


class NotDeletable(Refusal):
    code = "not_deletable"
    message = "已提交过的申请不能删除"


class NotCopyable(Refusal):
    code = "not_copyable"
    message = "办理中的申请不能复制"


class Incomplete(Invalid):
    """`errors`: everything missing or wrong, field by field and material by material."""

    code = "incomplete"
    message = "材料或信息不完整，请补充后再提交"


class AlreadyInProgress(Refusal):
    code = "already_in_progress"


class ClaimedByOther(Refusal):
    code = "claimed_by_other"


class NotClaimed(Refusal):
    code = "not_claimed"
    message = "您没有领取该申请"


class ReasonMissing(Invalid):
    code = "reason_missing"
    message = "审核不通过须至少写明一条原因"


class VerdictContradicts(Invalid):
    code = "verdict_contradicts"
    message = "有材料未通过时不能审核通过"


class RemarkTooLong(Invalid):
    code = "remark_too_long"
    message = "审核意见合计过长，请精简后再提交"


class NoSuchItem(Invalid):
    code = "no_such_item"
    message = "审核意见中有该申请没有的材料或字段"


class WrongCursor(Invalid):
    code = "wrong_cursor"
    message = "分页参数有误，请从第一页开始"
