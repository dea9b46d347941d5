"""Sends what is due: leases, calls the channel with no transaction or connection held, records the outcome."""

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Mapping
from uuid import UUID

from models.messages import Channel, DeliveryState
from server import clock
from server.ending import ended
from server.failpoints import reach
from server.messages.addresses import addresses_of
from server.messages.channels import SMS_AT_ONCE, Failed, Outgoing, Refused, Sender
from server.messages.leases import due, give_back, has_time, still_due, take
from server.messages.outbox import UNREADABLE, UNREADABLE_REASON, payload_of, text_in
from server.messages.outcomes import (
    GIVE_UP_AFTER,
    WITHOUT_ID,
    Columns,
    after,
    lapsed,
    settle_or_put_off,
    superseded,
)
from server.messages.recording import Recorder
from server.messages.tries import Try
from server.messages.undone import reasons_not_to_send

_log = logging.getLogger("zcgl")

_NO_ADDRESS = {
    Channel.SMS: Refused("no_address", "没有登记手机号，请在设置中补充"),
    Channel.WECHAT: Refused("no_address", "微信已解除绑定"),
    Channel.MINI_PROGRAM: Refused("no_address", "微信已解除绑定"),
}
_UNREPEATABLE = 16  # deliveries that wait for their call
_AT_MOST = {Channel.SMS: SMS_AT_ONCE}
_UNREADABLE = Failed("unreadable", UNREADABLE_REASON)


_Ready = tuple[Try, Outgoing]


class Lane:
    """One worker's deliveries on one channel: at most `at_once` calls under way, one at a time to one address, and at
    most `ahead` that are taken and wait for theirs."""

    def __init__(self, channel: Channel, sender: Sender, *, at_once: int, ahead: int) -> None:
        self.channel = channel
        self._sender = sender
        self._at_once = at_once
        self._ahead = ahead
        self._ready: deque[_Ready] = deque()
        self._lines: dict[str, deque[_Ready]] = {}  # of those whose address is being called, behind that call
        self._waiting = 0  # in either
        self._room = asyncio.Event()
        self._room.set()
        self._callers: set[asyncio.Task[None]] = set()
        self._recorder = Recorder()

    async def start_due(self) -> int:
        """Once there is room: take what is due, as much as fits, and start sending it; returns how much was due.

        Looked up and put together before it is taken: a worker that dies leaves little that was taken for nothing.
        """
        await self._room.wait()
        seen = await due(self.channel, self._ahead - self._waiting)
        sendable = await self._sendable(seen)
        taken = await take([row for row in seen if row.id in sendable])
        self._ready += [(row, sendable[row.id]) for row in taken]
        self._count(len(taken))
        self._call()
        return len(seen)

    async def drain(self) -> None:
        """Until everything that was taken is sent and recorded."""
        await asyncio.gather(*self._callers)
        await self._recorder.finish()

    async def stop(self, seconds: float) -> None:
        """What was not begun is due again at once. What is under way has so many seconds, and is then cut off: its
        lease lapses, its outcome is in doubt."""
        unbegun = self._withdraw()
        await ended(self._callers, seconds)
        await give_back(unbegun)
        await self._recorder.finish()

    async def _sendable(self, seen: list[Try]) -> dict[UUID, Outgoing]:
        """Those to call a provider for; the others are settled on the spot."""
        if not seen:
            return {}
        addresses, void = await addresses_of(seen), await reasons_not_to_send(seen)
        prepared = {row.id: _prepare(row, addresses.get(row.recipient), void.get(row.id)) for row in seen}
        settled = [(row, columns) for row in seen if isinstance(columns := prepared[row.id], dict)]
        await asyncio.gather(*(settle_or_put_off(row, still_due(row), columns) for row, columns in settled))
        return {id_: found for id_, found in prepared.items() if isinstance(found, Outgoing)}

    def _call(self) -> None:
        for _ in range(min(self._at_once - len(self._callers), len(self._ready))):
            task = asyncio.create_task(self._caller())
            self._callers.add(task)
            task.add_done_callback(self._callers.discard)

    async def _caller(self) -> None:
        while self._ready:
            first = self._ready.popleft()
            address = first[1].address
            if address in self._lines:
                self._lines[address].append(first)
            else:
                await self._serve(address, deque([first]))

    async def _serve(self, address: str, line: deque[_Ready]) -> None:
        """One after the other, with those that come to stand in line meanwhile."""
        self._lines[address] = line
        try:
            while line:
                delivery, outgoing = line.popleft()
                self._count(-1)
                await self._try(delivery, outgoing)
        finally:
            del self._lines[address]

    async def _try(self, delivery: Try, outgoing: Outgoing) -> None:
        """A fault of ours leaves the lease to lapse: the attempt is on record, so the next is one in doubt. Whatever
        stood in line for too long is taken anew."""
        try:
            if not has_time(delivery):
                await give_back([delivery])
                return
            await reach("delivery.leased")
            outcome = await self._sender.send(outgoing)
            await reach("delivery.accepted")
            self._recorder.record(delivery, after(outcome, delivery, clock.now()))
        except Exception:  # noqa: BLE001 - of one delivery; the lane goes on
            _log.exception("delivery_fault")

    def _count(self, more: int) -> None:
        self._waiting += more
        if self._waiting <= self._ahead // 2:
            self._room.set()
        else:
            self._room.clear()

    def _withdraw(self) -> list[Try]:
        """Everything that waits for its call."""
        waiting = [delivery for queue in (self._ready, *self._lines.values()) for delivery, _ in queue]
        for queue in (self._ready, *self._lines.values()):
            queue.clear()
        self._count(-len(waiting))
        return waiting


class Deliverer:
    """A lane for each channel, so that none waits for another that is slow, silent or paused."""

    def __init__(self, senders: Mapping[Channel, Sender], *, at_once: int = 64, ahead: int = 64) -> None:
        """Of channels that know no message id of ours little is taken ahead: were this worker to die, what it had
        taken might have arrived and could not be sent again."""
        self.lanes = [
            Lane(
                channel,
                sender,
                at_once=min(at_once, _AT_MOST.get(channel, at_once)),
                ahead=min(ahead, _UNREPEATABLE) if channel in WITHOUT_ID else ahead,
            )
            for channel, sender in senders.items()
        ]

    async def start_due(self) -> int:
        """Every lane once; returns how much was due."""
        return sum(await asyncio.gather(*(lane.start_due() for lane in self.lanes)))

    async def drain(self) -> None:
        await asyncio.gather(*(lane.drain() for lane in self.lanes))

    async def stop(self, seconds: float) -> None:
        await asyncio.gather(*(lane.stop(seconds) for lane in self.lanes))


def client_msg_id(delivery_id: UUID, retries: int = 0) -> str:
    """The provider's name of a delivery: the same for every repetition, another for every retry by staff, which the
    provider would else take for one more repetition and not show."""
    name = f"{delivery_id}:{retries}" if retries else str(delivery_id)
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _prepare(delivery: Try, address: str | None, void: str | None) -> Outgoing | Columns:
    now = clock.now()
    if (columns := lapsed(delivery, now)) is not None:
        return columns
    if void is not None:
        return _withheld(delivery, void)
    if address is None:
        return after(_NO_ADDRESS[delivery.channel], delivery, now)
    try:
        return _outgoing(delivery, address)
    except UNREADABLE:
        return after(_UNREADABLE, delivery, now)


def _withheld(delivery: Try, reason: str) -> Columns:
    """What may have arrived waits for its receipt; everything else is void."""
    if delivery.first_attempt_at is None:
        return superseded(clock.now(), reason)
    return {"state": DeliveryState.IN_DOUBT, "next_at": delivery.first_attempt_at + GIVE_UP_AFTER}


def _outgoing(delivery: Try, address: str) -> Outgoing:
    payload = payload_of(delivery)
    return Outgoing(
        delivery_id=delivery.id,
        address=address,
        text=text_in(payload),
        template=payload.get("template", ""),
        fields=payload.get("fields", {}),
        url=payload.get("page", ""),
        client_msg_id=client_msg_id(delivery.id, delivery.retries),
        params=tuple(payload.get("params", ())),
    )
