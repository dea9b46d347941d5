"""The SMS service a process uses, opened and closed: Tencent's, or the local box of development."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from config.settings import Settings
from server.gateways.sms.channel import TencentSmsChannel
from server.gateways.sms.client import TencentSms
from server.gateways.sms.outbox import OutboxSms
from server.gateways.sms.receipts import TencentSmsReceipts
from server.messages.channels import SMS_AT_ONCE, Sender
from server.messages.receipts import ReceiptSource

# `connect` counts the wait for a free connection too: whoever gives up waiting knows that nothing has left.
_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5, sock_connect=3, sock_read=8)
_CONNECTIONS = SMS_AT_ONCE + 1  # receipts are pulled meanwhile


@dataclass(frozen=True)
class Sms:
    channel: Sender
    receipts: ReceiptSource


@asynccontextmanager
async def open_sms(settings: Settings) -> AsyncIterator[Sms]:
    if settings.sms_tencent is None or settings.sms == "outbox":
        box = OutboxSms(settings.home)
        yield Sms(box, box)
        return
    setup = settings.sms_tencent
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, trust_env=False) as http:
        client = TencentSms(setup, http)
        yield Sms(TencentSmsChannel(client, setup.templates), TencentSmsReceipts(client))
