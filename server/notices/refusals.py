"""Every way in which a notice is refused."""

from server.errors import Invalid, NotFound, Refusal


class NoticeNotFound(NotFound):
    message = "没有找到这条通知"


class StaleNotice(Refusal):
    """If-Match names an older version, or somebody changed the notice at the same moment."""

    code = "stale_version"
    status = 412
    message = "通知已被更新，请刷新后重试"


class NoticeNotDraft(Refusal):
    code = "notice_not_draft"
    message = "通知已发布或已取消，不能再修改或发布"


class NoticeEnded(Refusal):
    code = "notice_ended"
    message = "通知已发送完毕或已取消，不能取消"


class NoAudience(Invalid):
    code = "no_audience"
    message = "请选择通知对象：事务所、协会代管注册会计师，或列出账号"


class UnknownNumbers(Invalid):
    """`numbers`: those that belong to no account."""

    code = "unknown_numbers"
    message = "有账号不存在或已停用，请核对"


class NobodyToTell(Refusal):
    code = "nobody_to_tell"
    message = "通知对象中没有可用的账号"
