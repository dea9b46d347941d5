"""Sends what is due: leases, calls the channel with no transaction or connection held, records the outcome."""

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from cryptography.exceptions import InvalidTag

from models.appointments import Appointment
from models.messages import Channel, Delivery
from server import clock
from server.messages.addresses import addresses_of
from server.messages.channels import Failed, Outcome, Outgoing, Refused, Sender
from server.messages.leases import begin_attempts, lease_due
from server.messages.outbox import payload_of, text_of
from server.messages.outcomes import Columns, after, lapsed, record, superseded

_log = logging.getLogger("zcgl")

_NO_ADDRESS = {
    Channel.SMS: Refused("no_address", "没有登记手机号，请在设置中补充"),
    Channel.WECHAT: Refused("no_address", "微信已解除绑定"),
}
_UNREADABLE = Failed("unreadable", "内容无法解密，请检查密钥配置")


class Deliverer:
    """One worker's deliveries: at most `at_once` calls in flight, one at a time to one address."""

    def __init__(self, senders: Mapping[Channel, Sender], *, at_once: int = 64) -> None:
        self._senders = senders
        self._at_once = at_once
        self._flying: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def start_due(self) -> int:
        """Lease what is due and start sending it; returns how many were leased. Waits while too many are in flight."""
        while len(self._flying) > self._at_once // 2:
            await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
        leased = await lease_due(self._at_once - len(self._flying))
        ready = await self._sendable(leased)
        for delivery in await begin_attempts([delivery for delivery in leased if delivery.id in ready]):
            self._start(delivery, ready[delivery.id])
        return len(leased)

    async def drain(self, seconds: float | None = None) -> None:
        """Wait for what is in flight, at most `seconds`, then cut it off: its lease lapses, its outcome is in doubt."""
        if self._flying:
            _, late = await asyncio.wait(self._flying, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _sendable(self, leased: list[Delivery]) -> dict[UUID, Outgoing]:
        """Those to call a provider for; the others are settled on the spot."""
        addresses, versions = await addresses_of(leased), await _versions(leased)
        ready: dict[UUID, Outgoing] = {}
        for delivery in leased:
            prepared = _prepare(delivery, addresses.get(delivery.recipient), versions)
            if isinstance(prepared, Outgoing):
                ready[delivery.id] = prepared
            else:
                await record(delivery, prepared)
        return ready

    def _start(self, delivery: Delivery, outgoing: Outgoing) -> None:
        turn = self._turns.setdefault(outgoing.address, asyncio.Lock())
        task = asyncio.create_task(self._send(delivery, outgoing, turn))
        self._flying.add(task)
        task.add_done_callback(self._landed)

    async def _send(self, delivery: Delivery, outgoing: Outgoing, turn: asyncio.Lock) -> None:
        async with turn:
            outcome: Outcome = await self._senders[delivery.channel].send(outgoing)
        columns = after(outcome, delivery, clock.now())
        kept = await record(delivery, columns)
        _log.info(
            "delivery",
            extra={"facts": _facts(delivery, columns) | ({} if kept else {"lease": "lost"})},
        )

    def _landed(self, task: asyncio.Task[None]) -> None:
        """A fault leaves the lease to lapse: the attempt is on record, so the next one treats it as in doubt."""
        self._flying.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("delivery_fault", exc_info=error)


def client_msg_id(delivery_id: UUID) -> str:
    """The provider's name of a delivery: the same for every repetition."""
    return hashlib.sha256(str(delivery_id).encode()).hexdigest()[:32]


def _prepare(delivery: Delivery, address: str | None, versions: Mapping[UUID, int]) -> Outgoing | Columns:
    now = clock.now()
    if _is_undone(delivery, versions):
        return superseded(now)
    if (columns := lapsed(delivery, now)) is not None:
        return columns
    if address is None:
        return after(_NO_ADDRESS[delivery.channel], delivery, now)
    try:
        return _outgoing(delivery, address)
    except (InvalidTag, KeyError, ValueError):
        return after(_UNREADABLE, delivery, now)


def _outgoing(delivery: Delivery, address: str) -> Outgoing:
    payload = payload_of(delivery)
    return Outgoing(
        delivery_id=delivery.id,
        address=address,
        text=text_of(delivery),
        template=payload.get("template", ""),
        fields=payload.get("fields", {}),
        url="",
        client_msg_id=client_msg_id(delivery.id),
    )


async def _versions(leased: Iterable[Delivery]) -> dict[UUID, int]:
    """Present versions of the appointments that these deliveries promise."""
    promised = {row.appointment_id for row in leased if row.appointment_version is not None}
    rows: list[Any] = await Appointment.filter(id__in=promised).values_list("id", "version") if promised else []
    return dict(rows)


def _is_undone(delivery: Delivery, versions: Mapping[UUID, int]) -> bool:
    """The appointment has moved on since this was written (decisions D26)."""
    if delivery.appointment_version is None or delivery.appointment_id is None:
        return False
    return versions.get(delivery.appointment_id) != delivery.appointment_version


def _facts(delivery: Delivery, columns: Columns) -> dict[str, Any]:
    return {
        "delivery": str(delivery.id),
        "channel": delivery.channel,
        "message_event": delivery.event,
        "state": columns["state"],
        "attempt": delivery.attempts + 1,
        "code": columns.get("error_code", ""),
    }
