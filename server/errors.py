"""Named refusals: every "no" of the service is a class with a code, an HTTP status and a Chinese message."""

from typing import Any, ClassVar


class Refusal(Exception):
    """A request that is understood and refused.

    Subclasses name one fact each. `message` is for people, `code` for programs, `hint` says what to do,
    `field` names the input at fault, `details` (JSON values) is merged into the answer's body.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: str = "操作未被接受"
    hint: str | None = None

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        field: str | None = None,
        retry_after: int | None = None,
        **details: Any,
    ) -> None:
        self.message = message or type(self).message
        self.hint = hint or type(self).hint
        self.field = field
        self.retry_after = retry_after
        self.details = details
        super().__init__(self.message)


class NotFound(Refusal):
    """The thing does not exist, or is not the caller's: the two are never told apart."""

    code = "not_found"
    status = 404
    message = "没有找到您要的内容"


class Unavailable(Refusal):
    """An engine the request needs is down; the same request may be sent again."""

    code = "unavailable"
    status = 503
    message = "系统繁忙，请稍后再试"

    def __init__(self, message: str | None = None, *, retry_after: int = 2, **more: Any) -> None:
        super().__init__(message, retry_after=retry_after, **more)


class Invalid(Refusal):
    """The input is malformed. `errors` lists every fault as {"field", "message"}."""

    code = "invalid"
    status = 422
    message = "填写的内容有误，请检查后重试"


class TooMany(Refusal):
    """A rate limit was reached; `retry_after` is in seconds."""

    code = "too_many_requests"
    status = 429
    message = "操作过于频繁，请稍后再试"


class Forbidden(Refusal):
    code = "forbidden"
    status = 403
    message = "没有权限进行此操作"


class Unauthenticated(Refusal):
    code = "unauthenticated"
    status = 401
    message = "请先登录"
