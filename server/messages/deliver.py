"""Sends what is due: leases, calls the channel with no transaction or connection held, records the outcome."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from cryptography.exceptions import InvalidTag

from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.failpoints import reach
from server.messages.addresses import addresses_of
from server.messages.channels import Failed, Outcome, Outgoing, Refused, Sender
from server.messages.leases import begin_attempts, give_back, lease_due
from server.messages.outbox import payload_of, text_in
from server.messages.outcomes import GIVE_UP_AFTER, Columns, after, lapsed, superseded
from server.messages.recording import Recorder
from server.messages.undone import reasons_not_to_send

_log = logging.getLogger("zcgl")

_NO_ADDRESS = {
    Channel.SMS: Refused("no_address", "没有登记手机号，请在设置中补充"),
    Channel.WECHAT: Refused("no_address", "微信已解除绑定"),
    Channel.MINI_PROGRAM: Refused("no_address", "微信已解除绑定"),
}
_UNREADABLE = Failed("unreadable", "内容无法解密，请检查密钥配置")
_BATCH = 2  # leases at once, in rounds of what may be under way


class Lane:
    """One worker's deliveries on one channel: at most `at_once` under way, one at a time to one address."""

    def __init__(self, channel: Channel, sender: Sender, at_once: int, recorder: Recorder) -> None:
        self.channel = channel
        self._sender = sender
        self._at_once = at_once
        self._recorder = recorder
        self._flying: set[asyncio.Task[None]] = set()
        self._half_empty = asyncio.Event()
        self._half_empty.set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def start_due(self) -> int:
        """Lease a batch of what is due and start sending it as there is room; returns how many were leased.

        Attempts are counted in groups, shortly before their calls: little is in doubt when the worker dies.
        """
        leased = await lease_due(self.channel, _BATCH * self._at_once)
        ready = await self._sendable(leased)
        waiting = [delivery for delivery in leased if delivery.id in ready]
        try:
            while waiting:
                await self._half_empty.wait()
                free = self._at_once - len(self._flying)
                group, waiting = waiting[:free], waiting[free:]
                for delivery in await begin_attempts(group):
                    self._start(delivery, ready[delivery.id])
        finally:
            await give_back(waiting)
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
        if not leased:
            return {}
        addresses, void = await addresses_of(leased), await reasons_not_to_send(leased)
        prepared = {row.id: _prepare(row, addresses.get(row.recipient), void.get(row.id)) for row in leased}
        settled = [(row, columns) for row in leased if isinstance(columns := prepared[row.id], dict)]
        await asyncio.gather(*(self._recorder.record(row, columns) for row, columns in settled))
        return {id_: found for id_, found in prepared.items() if isinstance(found, Outgoing)}

    def _start(self, delivery: Delivery, outgoing: Outgoing) -> None:
        turn = self._turns.setdefault(outgoing.address, asyncio.Lock())
        task = asyncio.create_task(self._send(delivery, outgoing, turn))
        self._flying.add(task)
        task.add_done_callback(self._landed)
        if len(self._flying) > self._at_once // 2:
            self._half_empty.clear()

    async def _send(self, delivery: Delivery, outgoing: Outgoing, turn: asyncio.Lock) -> None:
        async with turn:
            await reach("delivery.leased")
            outcome: Outcome = await self._sender.send(outgoing)
            await reach("delivery.accepted")
        columns = after(outcome, delivery, clock.now())
        kept = await self._recorder.record(delivery, columns)
        _log.info(
            "delivery",
            extra={"facts": _facts(delivery, columns) | ({} if kept else {"lease": "lost"})},
        )

    def _landed(self, task: asyncio.Task[None]) -> None:
        """A fault leaves the lease to lapse: the attempt is on record, so the next one treats it as in doubt."""
        self._flying.discard(task)
        if len(self._flying) <= self._at_once // 2:
            self._half_empty.set()
        if not task.cancelled() and (error := task.exception()):
            _log.error("delivery_fault", exc_info=error)


class Deliverer:
    """A lane for each channel, so that none waits for another that is slow, silent or paused."""

    def __init__(self, senders: Mapping[Channel, Sender], *, at_once: int = 64) -> None:
        recorder = Recorder()
        self.lanes = [Lane(channel, sender, at_once, recorder) for channel, sender in senders.items()]

    async def start_due(self) -> int:
        """Every lane once; returns how many were leased."""
        return sum(await asyncio.gather(*(lane.start_due() for lane in self.lanes)))

    async def drain(self, seconds: float | None = None) -> None:
        await asyncio.gather(*(lane.drain(seconds) for lane in self.lanes))


def client_msg_id(delivery_id: UUID) -> str:
    """The provider's name of a delivery: the same for every repetition."""
    return hashlib.sha256(str(delivery_id).encode()).hexdigest()[:32]


def _prepare(delivery: Delivery, address: str | None, void: str | None) -> Outgoing | Columns:
    now = clock.now()
    if (columns := lapsed(delivery, now)) is not None:
        return columns
    if void is not None:
        return _withheld(delivery, void)
    if address is None:
        return after(_NO_ADDRESS[delivery.channel], delivery, now)
    try:
        return _outgoing(delivery, address)
    except (InvalidTag, KeyError, ValueError):
        return after(_UNREADABLE, delivery, now)


def _withheld(delivery: Delivery, reason: str) -> Columns:
    """What may have arrived waits for its receipt; everything else is void."""
    if delivery.first_attempt_at is None:
        return superseded(clock.now(), reason)
    return {"state": DeliveryState.IN_DOUBT, "next_at": delivery.first_attempt_at + GIVE_UP_AFTER}


def _outgoing(delivery: Delivery, address: str) -> Outgoing:
    payload = payload_of(delivery)
    return Outgoing(
        delivery_id=delivery.id,
        address=address,
        text=text_in(payload),
        template=payload.get("template", ""),
        fields=payload.get("fields", {}),
        url=payload.get("page", ""),
        client_msg_id=client_msg_id(delivery.id),
        params=tuple(payload.get("params", ())),
    )


def _facts(delivery: Delivery, columns: Columns) -> dict[str, Any]:
    return {
        "delivery": str(delivery.id),
        "channel": delivery.channel,
        "message_event": delivery.event,
        "state": columns["state"],
        "attempt": delivery.attempts + 1,
        "code": columns.get("error_code", ""),
    }
