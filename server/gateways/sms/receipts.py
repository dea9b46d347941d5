"""Receipts of texts: pulled from Tencent, kept in the inbox under their serial number, read back by the worker.

They are pulled, not pushed to us: the push carries no signature, so anybody could claim that a text arrived.
"""

import json
from dataclasses import asdict, dataclass
from typing import Protocol
from uuid import UUID

from server.gateways.sms.client import SmsFault, SmsReport
from server.messages.channels import Delivered, Receipt, Refused

APP = "sms"


class _Reports(Protocol):
    async def pull_reports(self) -> list[SmsReport]: ...


@dataclass(frozen=True)
class StoredReceipt:
    """Satisfies server.messages.callbacks.Incoming."""

    unique_key: str
    text: str
    app: str = APP


class TencentSmsReceipts:
    """Satisfies server.messages.receipts.ReceiptSource."""

    def __init__(self, client: _Reports) -> None:
        self._client = client

    async def pull(self) -> list[StoredReceipt]:
        """What has arrived since the last pull; nothing when the service does not answer, which is asked again."""
        try:
            reports = await self._client.pull_reports()
        except SmsFault:
            return []
        return [StoredReceipt(report.serial, json.dumps(asdict(report))) for report in reports if report.serial]


def read_receipt(text: str) -> Receipt:
    """A stored receipt's meaning."""
    report = SmsReport(**json.loads(text))
    outcome = (
        Delivered() if report.delivered else Refused(report.code[:32], f"运营商未送达（{report.code}）；{_ADVICE}")
    )
    return Receipt(report.serial, outcome, _delivery_id(report.context))


_ADVICE = "请用户核对手机号是否停机、关机或设置了拦截"


def _delivery_id(context: str) -> UUID | None:
    try:
        return UUID(context)
    except ValueError:
        return None
