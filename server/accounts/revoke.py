"""Ending login sessions: the account's epoch is raised in the transaction, views hear of it after the commit."""

from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import F, Q

from models.accounts import Account, EpochRaise, LoginSession
from server import clock
from server.accounts.caller import Caller
from server.accounts.sessions import SessionViews, tag_of
from server.transactions import in_transaction, retried

ALL = Q()
IN_MINI_PROGRAM = Q(client="mini_program")  # begun there, by whichever phone


@dataclass(frozen=True)
class Raised:
    """An epoch raise that is written and not yet told to the views."""

    account_id: UUID
    epoch: int


async def revoke(account_id: UUID, ending: Q = ALL) -> Raised:
    """End the account's sessions that match `ending`, in the running transaction; `tell` after the commit.

    Raising the epoch ends every session; those that stay are stamped with the new one.
    """
    await Account.filter(id=account_id).update(epoch=F("epoch") + 1)  # also locks the row: raises queue up here
    epoch = (await Account.get(id=account_id)).epoch
    live = LoginSession.filter(account_id=account_id, revoked_at__isnull=True)
    await live.filter(ending).update(revoked_at=clock.now())
    await live.filter(epoch=epoch - 1).update(epoch=epoch)
    if not await EpochRaise.filter(account_id=account_id).update(epoch=epoch):
        await EpochRaise.create(account_id=account_id, epoch=epoch, created_at=clock.now())
    return Raised(account_id, epoch)


async def tell(views: SessionViews, raised: Raised) -> None:
    """Tell the views; what they did not hear stays a row that the worker replays."""
    if await views.raise_epoch(tag_of(raised.account_id), raised.epoch):
        await EpochRaise.filter(account_id=raised.account_id, epoch=raised.epoch).delete()


async def revoke_all(account_id: UUID, views: SessionViews) -> None:
    """End every session of the account in a transaction of its own."""
    await _revoke_and_tell(account_id, ALL, views)


async def log_out(caller: Caller, views: SessionViews) -> None:
    """退出登录: end this session, the account's others go on."""
    await _revoke_and_tell(caller.account_id, Q(id=caller.session_id), views)


async def _revoke_and_tell(account_id: UUID, ending: Q, views: SessionViews) -> None:
    async def ended() -> Raised:
        async with in_transaction():
            return await revoke(account_id, ending)

    await tell(views, await retried(ended))


async def replay_epoch_raises(views: SessionViews, *, at_most: int = 500) -> int:
    """What the worker does now and then: tell the views what they missed. Returns how many were waiting."""
    waiting = await EpochRaise.all().order_by("created_at").limit(at_most)
    for row in waiting:
        await tell(views, Raised(row.account_id, row.epoch))
    return len(waiting)
