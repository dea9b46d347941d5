"""Closing an account and opening it again."""

from uuid import UUID

from tortoise.expressions import F

from models.accounts import Account
from server import clock
from server.accounts.revoke import Raised, revoke, tell
from server.accounts.sessions import SessionViews
from server.audit.trail import Actor, record
from server.errors import NotFound
from server.transactions import in_transaction, retried


async def disable(account_id: UUID, actor: Actor, reason: str, *, views: SessionViews) -> None:
    """Ends every session at once; login answers as if the account did not exist. Raises NotFound."""

    async def disabled() -> Raised:
        async with in_transaction():
            open_one = Account.filter(id=account_id, disabled_at__isnull=True)
            if not await open_one.update(disabled_at=clock.now(), version=F("version") + 1):
                raise NotFound
            await record(actor, "disable_account", "account", str(account_id), reason=reason)
            return await revoke(account_id)

    await tell(views, await retried(disabled))


async def enable(account_id: UUID, actor: Actor, reason: str) -> None:
    """Raises NotFound when there is no such closed account."""
    async with in_transaction():
        closed = Account.filter(id=account_id, disabled_at__isnull=False)
        if not await closed.update(disabled_at=None, version=F("version") + 1):
            raise NotFound
        await record(actor, "enable_account", "account", str(account_id), reason=reason)
