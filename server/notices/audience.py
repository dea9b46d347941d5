"""Whom a notice is for: kinds of accounts, listed account numbers, or both."""

from dataclasses import dataclass
from typing import Any

from tortoise.expressions import Q, Subquery
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from models.accounts import Account, AccountKind, Realm, WechatApp, WechatBinding
from models.notices import Notice
from server.businesses.record import Record
from server.notices.refusals import NoAudience, UnknownNumbers


class Audience(Record):
    """`numbers`: 事务所执业证书编号 or 注册会计师证书编号."""

    kinds: tuple[AccountKind, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """Whom a notice would reach if it were published now. `wechat`: WeChat messages, one a binding that follows;
    `in_app_only`: accounts without any."""

    in_app: int
    wechat: int
    in_app_only: int


def audience_of(notice: Notice) -> Audience:
    return Audience.model_validate_json(notice.audience)


def accounts_in(audience: Audience) -> QuerySet[Account]:
    """Applicants that may log in. Each account once, whatever names it."""
    wanted = Q(kind__in=audience.kinds) | Q(number__in=audience.numbers)
    return Account.filter(wanted, realm=Realm.APPLICANT, disabled_at__isnull=True)


def reachable(accounts: Any) -> QuerySet[WechatBinding]:
    """The bindings through which WeChat reaches these accounts (ids, or a query of them)."""
    return WechatBinding.filter(app=WechatApp.OFFICIAL_ACCOUNT, reachable=True, account_id__in=accounts)


async def check_audience(audience: Audience) -> None:
    """Raises NoAudience, or UnknownNumbers naming them."""
    if not audience.kinds and not audience.numbers:
        raise NoAudience(field="audience")
    known: list[Any] = await accounts_in(Audience(numbers=audience.numbers)).values_list("number", flat=True)
    if unknown := sorted(set(audience.numbers) - set(known)):
        raise UnknownNumbers(field="audience.numbers", hint=f"不存在：{'、'.join(unknown[:10])}", numbers=unknown)


async def preview(audience: Audience) -> Preview:
    accounts = await accounts_in(audience).count()
    bindings = reachable(Subquery(accounts_in(audience).values("id")))
    (row,) = await bindings.annotate(n=Count("id"), bound=Count("account_id", distinct=True)).values("n", "bound")
    return Preview(in_app=accounts, wechat=int(row["n"]), in_app_only=accounts - int(row["bound"]))
