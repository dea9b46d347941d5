"""Writes outcomes: what was sent many to a statement, everything else each by itself with what follows from it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from models.messages import Delivery, DeliveryState
from server.messages.outcomes import Columns, is_alone, record
from server.together import Together
from server.transactions import connection, is_sqlite, retried

# Written by hand: the ORM takes longer to put such a statement together than a whole call to WeChat takes.
_SENT = """UPDATE delivery SET state = 'sent', error_code = '', reason = '', provider_id = CASE id {cases} END
WHERE state = 'sending' AND id IN ({ids}) AND lease IN ({leases})"""

_Sent = tuple[Delivery, str]  # and its provider's number


class Recorder:
    """Of one worker. A success is written at once; those that come while that is under way are written together."""

    def __init__(self) -> None:
        self._sent = Together(_write_sent)

    async def record(self, delivery: Delivery, columns: Columns) -> bool:
        """As `outcomes.record`: False when the lease is no longer ours."""
        if columns["state"] is DeliveryState.SENT and is_alone(delivery, columns):
            return await self._sent((delivery, columns["provider_id"]))
        return await record(delivery, columns)


async def _write_sent(sent: Sequence[_Sent]) -> list[bool]:
    """One statement for all of them; who is ours no longer is looked up only if there is such a one."""
    leases = {delivery.lease for delivery, _ in sent}
    if await retried(partial(_update, sent, leases)) == len(sent):
        return [True] * len(sent)
    ours = Delivery.filter(id__in=[d.id for d, _ in sent], lease__in=leases).exclude(state=DeliveryState.SENDING)
    written: list[Any] = await ours.values_list("id", flat=True)
    return [delivery.id in written for delivery, _ in sent]


async def _update(sent: Sequence[_Sent], leases: set[str | None]) -> int:
    mark = "?" if is_sqlite() else "%s"
    ids = [str(delivery.id) for delivery, _ in sent]
    sql = _SENT.format(
        cases=f"WHEN {mark} THEN {mark} " * len(ids),
        ids=", ".join([mark] * len(ids)),
        leases=", ".join([mark] * len(leases)),
    )
    numbers = [part for id_, (_, number) in zip(ids, sent, strict=True) for part in (id_, number)]
    changed, _ = await connection().execute_query(sql, [*numbers, *ids, *leases])
    return int(changed)
