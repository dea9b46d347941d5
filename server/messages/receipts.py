"""Receipts that must be fetched: pulled from the provider, kept in the inbox, settled by the worker like a callback."""

from collections.abc import Sequence
from typing import Protocol

from server.messages.callbacks import Incoming, store_callback


class ReceiptSource(Protocol):
    async def pull(self) -> Sequence[Incoming]:
        """Receipts that were never pulled before; the provider gives each of them once. Never raises for what the
        provider or the network says."""
        ...


async def collect_receipts(source: ReceiptSource) -> int:
    """Pull until there is no more; returns how many came."""
    count = 0
    while receipts := await source.pull():
        for receipt in receipts:
            await store_callback(receipt)
        count += len(receipts)
    return count
