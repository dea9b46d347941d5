"""One booking per Idempotency-Key: the unique key is inserted first, so twins meet there and nowhere else."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from uuid import UUID

import orjson
from pydantic import BaseModel
from tortoise.exceptions import BaseORMException, IntegrityError

from models.appointments import Appointment, RequestKey
from server import clock
from server.appointments.hold import KeyKnown
from server.appointments.refusals import KeyMissing, KeyReused, OutcomeUnknown, SlotFull
from server.together import Together
from server.transactions import in_transaction, is_connection_lost, is_duplicate, is_retryable, up_to_date

_LOOKUP_SECONDS = 2.0
_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Attempt:
    """One request of one account under one key; `said` is its method, path and body."""

    account_id: UUID
    key: str
    said: tuple[str, str, BaseModel]

    @classmethod
    def of(cls, account_id: UUID, key: str | None, method: str, path: str, body: BaseModel) -> "Attempt":
        """Raises KeyMissing without a key of 1 to 64 printable characters."""
        if not key or len(key) > 64 or not key.isprintable():
            raise KeyMissing(field="Idempotency-Key")
        return cls(account_id, key, (method, path, body))

    @cached_property
    def body_hash(self) -> str:
        """Of everything that was said, however it was written. Most attempts are refused before anybody asks."""
        method, path, body = self.said
        said = orjson.dumps([method, path, body.model_dump(mode="json")], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(said).hexdigest()


async def claim(attempt: Attempt, appointment_id: UUID | None) -> None:
    """The first statement of a booking's transaction; a twin waits here. Raises KeyKnown."""
    try:
        await _row(attempt, appointment_id).save(force_create=True)
    except IntegrityError as twin:
        raise KeyKnown from twin


def _row(attempt: Attempt, appointment_id: UUID | None) -> RequestKey:
    return RequestKey(
        account_id=attempt.account_id,
        key=attempt.key,
        body_hash=attempt.body_hash,
        appointment_id=appointment_id,
        created_at=clock.now(),
    )


async def refuse_for_good(attempt: Attempt) -> Appointment:
    """Settle a doubt: written down as refused, unless the key already stands for a booking, which is returned.

    Raises SlotFull.
    """
    if await _refusals(attempt):
        return await answer_known(attempt)
    raise SlotFull


async def _refuse_all(attempts: Sequence[Attempt]) -> list[bool]:
    """Write the refusals of one moment down together; of each, whether its key was known before.

    When one of them meets a twin, or a lock, each is written for itself.
    """
    ordered = sorted(attempts, key=lambda attempt: (attempt.account_id, attempt.key))
    try:
        async with in_transaction():
            await RequestKey.bulk_create(_row(attempt, None) for attempt in ordered)
    except Exception as error:
        if not (is_duplicate(error) or is_retryable(error)):
            raise
        return await asyncio.gather(*map(_is_known_before, attempts))
    return [False] * len(attempts)


async def _is_known_before(attempt: Attempt) -> bool:
    try:
        async with in_transaction():
            await claim(attempt, None)
    except KeyKnown:
        return True
    return False


_refusals: Together[Attempt, bool] = Together(_refuse_all)


async def known_booking(attempt: Attempt) -> Appointment | None:
    """As answer_known, or None when the key was never seen."""
    return await answer_known(attempt) if await _is_known(attempt) else None


async def _is_known(attempt: Attempt) -> bool:
    async with up_to_date():
        return await RequestKey.filter(account_id=attempt.account_id, key=attempt.key).exists()


async def answer_known(attempt: Attempt) -> Appointment:
    """The booking this key stands for, as it is now. Raises KeyReused for another body, SlotFull for a refused key."""
    async with up_to_date():
        known = await RequestKey.get(account_id=attempt.account_id, key=attempt.key)
        if known.body_hash != attempt.body_hash:
            raise KeyReused(field="Idempotency-Key")
        if known.appointment_id is None:
            raise SlotFull
        return await Appointment.get(id=known.appointment_id)


async def ask_what_became(attempt: Attempt) -> Appointment:
    """After COMMIT got no reply: look the key up for up to 2 s. Raises OutcomeUnknown when that stays unanswered."""
    until = time.monotonic() + _LOOKUP_SECONDS
    while time.monotonic() < until:
        try:
            if await _is_known(attempt):
                return await answer_known(attempt)
        except (BaseORMException, OSError) as error:
            if not is_connection_lost(error):
                raise
        await asyncio.sleep(0.1)
    raise OutcomeUnknown


async def find_by_key(account_id: UUID, key: str) -> Appointment | None:
    """What GET /appointments answers for an Idempotency-Key: the booking, or None for a refused or unknown key."""
    async with up_to_date():
        known = await RequestKey.get_or_none(account_id=account_id, key=key)
        return await Appointment.get(id=known.appointment_id) if known and known.appointment_id else None


async def sweep_keys() -> int:
    """Forget keys older than a day; returns how many."""
    return await RequestKey.filter(created_at__lt=clock.now() - _KEPT).delete()
