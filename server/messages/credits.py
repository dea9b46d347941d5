"""The ledger of consents: how many subscribe messages of a template a person has agreed to and not yet received."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.queryset import QuerySet

from models.messages import SubscribeCredit, SubscribeEntry
from server import clock
from server.transactions import in_transaction, is_duplicate, retried

# Changes a row by compare-and-swap and returns by how much; None: another was quicker, look again.
_Change = Callable[[QuerySet[SubscribeCredit]], Awaitable[int | None]]


async def grant(openid: str, template_id: str, cause: str) -> bool:
    """One more message is welcome. Each function here counts a `cause` once and returns False when it was known."""
    return await retried(partial(_enter, openid, template_id, cause, _add_one))


async def refuse(openid: str, template_id: str, cause: str) -> bool:
    """None is welcome any more: the person said no, or WeChat answered 43101."""
    return await retried(partial(_enter, openid, template_id, cause, _take_all))


async def spend(openid: str, template_id: str, cause: str) -> bool:
    """One was accepted by WeChat. A balance of zero stays zero: WeChat knew of a consent that we did not."""
    return await retried(partial(_enter, openid, template_id, cause, _take_one))


async def refuse_within(openid: str, template_id: str, cause: str) -> bool:
    """`refuse` as a part of the running transaction, which whoever opened it repeats after a deadlock."""
    return await _enter(openid, template_id, cause, _take_all)


async def spend_within(openid: str, template_id: str, cause: str) -> bool:
    """`spend` as a part of the running transaction."""
    return await _enter(openid, template_id, cause, _take_one)


async def credits_of(openids: Iterable[str], template_id: str) -> dict[str, int]:
    """openid -> how many messages of this template it may still be sent; those with none are absent."""
    found = SubscribeCredit.filter(openid__in=list(openids), template_id=template_id, credits__gt=0)
    rows: list[Any] = await found.values_list("openid", "credits")
    return dict(rows)


async def balances(openid: str) -> dict[str, int]:
    """template id -> credits of one person."""
    rows: list[Any] = await SubscribeCredit.filter(openid=openid).values_list("template_id", "credits")
    return dict(rows)


async def _enter(openid: str, template_id: str, cause: str, change: _Change) -> bool:
    """The balance and its entry in one transaction: the unique cause undoes what was counted before."""
    if await SubscribeEntry.filter(cause=cause).exists():
        return False
    try:
        async with in_transaction():
            by = await _changed(openid, template_id, change)
            await SubscribeEntry.create(
                created_at=clock.now(), openid=openid, template_id=template_id, change=by, cause=cause
            )
    except IntegrityError as error:
        if is_duplicate(error):
            return False
        raise
    return True


async def _changed(openid: str, template_id: str, change: _Change) -> int:
    mine = SubscribeCredit.filter(openid=openid, template_id=template_id)
    if not await mine.exists():
        await _open(openid, template_id)
    while (by := await change(mine)) is None:
        pass
    return by


async def _open(openid: str, template_id: str) -> None:
    try:
        async with in_transaction():  # a savepoint: the duplicate undoes nothing else
            await SubscribeCredit.create(created_at=clock.now(), openid=openid, template_id=template_id)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise


async def _add_one(mine: QuerySet[SubscribeCredit]) -> int:
    await mine.update(credits=F("credits") + 1, refused_at=None)
    return 1


async def _take_one(mine: QuerySet[SubscribeCredit]) -> int:
    return -await mine.filter(credits__gt=0).update(credits=F("credits") - 1)


async def _take_all(mine: QuerySet[SubscribeCredit]) -> int | None:
    held = (await mine.get()).credits
    taken = await mine.filter(credits=held).update(credits=0, refused_at=clock.now())
    return -held if taken or held == 0 else None  # MySQL counts changed rows: nothing to take may change none
