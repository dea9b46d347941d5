"""Writes outcomes: what was sent many to a statement, everything else each by itself with what follows from it."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from models.messages import Delivery, DeliveryState
from server.messages.outcomes import Columns, is_alone, record
from server.messages.tries import Try
from server.transactions import connection, is_sqlite, retried

# Written by hand: the ORM takes longer to put such a statement together than a whole call to WeChat takes.
_SENT = """UPDATE delivery SET state = 'sent', error_code = '', reason = '', provider_id = CASE id {cases} END
WHERE state = 'sending' AND id IN ({ids}) AND lease IN ({leases})"""

_log = logging.getLogger("zcgl")

_TOGETHER = 0.01  # seconds in which successes gather
_MOST = 128  # of them in one statement
_Sent = tuple[Try, Columns]


class Recorder:
    """Of one lane, which goes on sending meanwhile. A success is written soon, with all that came since the last."""

    def __init__(self) -> None:
        self._sent: list[_Sent] = []
        self._writing: asyncio.Task[None] | None = None
        self._others: set[asyncio.Task[None]] = set()

    def record(self, delivery: Try, columns: Columns) -> None:
        """Nothing is written when the lease is no longer ours; either way it is logged."""
        if columns["state"] is not DeliveryState.SENT or not is_alone(delivery, columns):
            task = asyncio.create_task(self._record_other(delivery, columns))
            self._others.add(task)
            task.add_done_callback(self._others.discard)
            return
        self._sent.append((delivery, columns))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def finish(self) -> None:
        """Until everything is written that was to be recorded so far."""
        while tasks := [*self._others, *([self._writing] if self._writing else [])]:
            await asyncio.wait(tasks)

    async def _write(self) -> None:
        try:
            while self._sent:
                await asyncio.sleep(_TOGETHER)
                batch, self._sent = self._sent[:_MOST], self._sent[_MOST:]
                await self._write_batch(batch)
        finally:
            self._writing = None

    async def _write_batch(self, batch: list[_Sent]) -> None:
        """A fault leaves the leases to lapse: the attempts are on record, so the next ones treat them as in doubt."""
        try:
            kept = await _write_sent(batch)
        except Exception:  # noqa: BLE001 - the lane goes on
            _log.exception("delivery_fault")
            return
        for (delivery, columns), is_kept in zip(batch, kept, strict=True):
            _tell(delivery, columns, is_kept=is_kept)

    async def _record_other(self, delivery: Try, columns: Columns) -> None:
        try:
            _tell(delivery, columns, is_kept=await record(delivery, columns))
        except Exception:  # noqa: BLE001 - as above
            _log.exception("delivery_fault")


def _tell(delivery: Try, columns: Columns, *, is_kept: bool) -> None:
    facts = {
        "delivery": str(delivery.id),
        "channel": delivery.channel,
        "message_event": delivery.event,
        "state": columns["state"],
        "attempt": delivery.attempts + 1,
        "code": columns.get("error_code", ""),
    }
    _log.info("delivery", extra={"facts": facts if is_kept else facts | {"lease": "lost"}})


async def _write_sent(sent: Sequence[_Sent]) -> list[bool]:
    """One statement for all of them; who is ours no longer is looked up only if there is such a one."""
    leases = {delivery.lease for delivery, _ in sent}
    if await retried(partial(_update, sent, leases)) == len(sent):
        return [True] * len(sent)
    ours = Delivery.filter(id__in=[d.id for d, _ in sent], lease__in=leases).exclude(state=DeliveryState.SENDING)
    written: list[Any] = await ours.values_list("id", flat=True)
    return [delivery.id in written for delivery, _ in sent]


async def _update(sent: Sequence[_Sent], leases: set[str]) -> int:
    mark = "?" if is_sqlite() else "%s"
    ids = [str(delivery.id) for delivery, _ in sent]
    sql = _SENT.format(
        cases=f"WHEN {mark} THEN {mark} " * len(ids),
        ids=", ".join([mark] * len(ids)),
        leases=", ".join([mark] * len(leases)),
    )
    numbers = [part for id_, (_, columns) in zip(ids, sent, strict=True) for part in (id_, columns["provider_id"])]
    changed, _ = await connection().execute_query(sql, [*numbers, *ids, *leases])
    return int(changed)
