"""The one way into a database transaction, and what a driver's error means on either engine."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from tortoise import connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction as _in_transaction

from server.errors import Unavailable

T = TypeVar("T")

_DUPLICATE = 1062
_RETRYABLE = {1205, 1213}  # lock wait timeout, deadlock (on Galera also a certification failure)
_GONE = {2002, 2003, 2006, 2013, 2014, 2055, 1053, 1927, 1317, 1047}  # 1047: a Galera node left its cluster


def _causes(error: BaseException) -> list[BaseException]:
    """The error and everything it wraps: tortoise lets some driver errors through raw and wraps others."""
    found: list[BaseException] = []
    pending: list[object] = [error]
    while pending:
        item = pending.pop()
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            pending += [item.__cause__, item.__context__, *item.args]
    return found


def _codes(error: BaseException) -> set[int]:
    return {e.args[0] for e in _causes(error) if e.args and isinstance(e.args[0], int)}


def _says(error: BaseException, *phrases: str) -> bool:
    return any(phrase in str(e) for e in _causes(error) for phrase in phrases)


def is_duplicate(error: BaseException) -> bool:
    """A unique key refused the row."""
    return _DUPLICATE in _codes(error) or _says(error, "UNIQUE constraint failed")


def is_duplicate_of(error: BaseException, *names: str) -> bool:
    """The refusing key mentions one of `names`: MySQL names the index, SQLite the columns (give both)."""
    return is_duplicate(error) and _says(error, *names)


def is_retryable(error: BaseException) -> bool:
    """Deadlock, lock wait or SQLITE_BUSY: the transaction was rolled back and may be run again."""
    return bool(_RETRYABLE & _codes(error)) or _says(error, "database is locked", "database table is locked")


def is_connection_lost(error: BaseException) -> bool:
    """The connection broke: before COMMIT nothing happened, at COMMIT the outcome is unknown."""
    return (
        bool(_GONE & _codes(error))
        or any(isinstance(e, OSError) for e in _causes(error))
        or _says(error, "Cancelled during execution", "Lost connection", "Not connected", "(0, '')")
    )


@asynccontextmanager
async def in_transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """One READ COMMITTED (MariaDB) or IMMEDIATE (SQLite) transaction; nested use is a savepoint."""
    async with _in_transaction("default") as connection:
        yield connection


@asynccontextmanager
async def up_to_date() -> AsyncIterator[None]:
    """Reads inside see what any node of a Galera cluster has acknowledged before (decisions D3); one server always
    does, and so does the node of a running transaction for what that transaction wrote."""
    if not getattr(connection(), "is_cluster", False):
        yield
        return
    async with in_transaction() as pinned:
        await pinned.execute_query("SET SESSION wsrep_sync_wait=1")
        try:
            await pinned.execute_query("START TRANSACTION")  # here it waits; within a transaction no statement does
            yield
        finally:
            await pinned.execute_query("SET SESSION wsrep_sync_wait=0")


async def retried(work: Callable[[], Awaitable[T]], *, attempts: int = 4, until: float = math.inf) -> T:
    """Run a whole transaction again after a deadlock, lock wait or BUSY; raises Unavailable when it keeps losing.

    None is begun again after `until`, on the monotonic clock.
    """
    for attempt in range(attempts):
        try:
            return await work()
        except Exception as error:
            if not is_retryable(error):
                raise
            await asyncio.sleep(0.02 * 2**attempt)
        if time.monotonic() > until:
            break
    raise Unavailable


def connection() -> BaseDBAsyncClient:
    """The default connection, or the running transaction's."""
    found: BaseDBAsyncClient = connections.get("default")
    return found


def is_sqlite() -> bool:
    return connection().capabilities.dialect == "sqlite"
