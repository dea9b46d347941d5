"""MariaDB and MySQL with a pool that survives: a connection lost or cancelled at any moment never costs a place in it.

Two faults of the libraries are mended here. tortoise acquires a connection and then begins: when BEGIN fails, the
connection stays taken for ever. aiomysql tells those who wait for a connection only of healthy ones given back, so
after a restart of the server they would wait for ever.
"""

import asyncio
from typing import Any

import aiomysql
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.backends.mysql.client import MySQLClient, TransactionWrapper
from tortoise.connection import get_connections


class WakingPool(aiomysql.Pool):  # type: ignore[misc]
    """Whoever gives a connection back, or leaves without one, wakes the next in line."""

    async def _acquire(self) -> Any:
        try:
            return await super()._acquire()
        except BaseException:
            # Refused or cancelled: the wake-up this one may have consumed belongs to another.
            self._waking = self._loop.create_task(self._wakeup())
            raise

    def release(self, conn: Any) -> "asyncio.Future[None]":
        super().release(conn)
        waking: asyncio.Future[None] = self._loop.create_task(self._wakeup())
        return waking


class SteadyTransactionContext(TransactionContextPooled):
    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool = self.client._parent._pool
        connection = await pool.acquire()
        self.client._connection = connection
        try:
            await self.client.begin()
        except BaseException:
            connection.close()  # what state it is in, nobody knows
            await pool.release(connection)
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client


class SteadyMySQLClient(MySQLClient):
    async def create_connection(self, with_db: bool) -> None:
        await super().create_connection(with_db)
        if self._pool is not None:
            self._pool.__class__ = WakingPool

    def _in_transaction(self) -> TransactionContext:
        return SteadyTransactionContext(TransactionWrapper(self), self._pool_init_lock)


client_class = SteadyMySQLClient
