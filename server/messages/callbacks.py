"""The inbox of WeChat's callbacks: stored under a unique key, then acknowledged, handled by the worker (D27)."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from models.base import new_id
from models.messages import CallbackEvent
from server import clock, crypto
from server.transactions import is_duplicate

BODY_LIMIT = 64 * 1024  # bytes of one callback
_CLAIM = timedelta(seconds=30)
_GIVE_UP_AFTER = timedelta(hours=24)
_DELAYS = (1, 5, 30, 300, 3600)  # seconds; a receipt may come before its number is known to us
_KEPT = timedelta(days=7)

_log = logging.getLogger("zcgl")

# (app, the callback in plain) -> whether it is dealt with; False: try again later. Handling twice must be harmless.
Handle = Callable[[str, str], Awaitable[bool]]


class Incoming(Protocol):
    """A callback whose signature was checked; `text` is it in plain, XML or JSON."""

    @property
    def app(self) -> str: ...
    @property
    def unique_key(self) -> str: ...
    @property
    def text(self) -> str: ...


async def store_callback(callback: Incoming) -> bool:
    """Keep a callback for the worker. False: it is a repetition and was kept before; acknowledge it all the same."""
    id_, now = new_id(), clock.now()
    event = CallbackEvent(
        id=id_,
        created_at=now,
        app=callback.app,
        unique_key=callback.unique_key,
        body=crypto.seal(callback.text, f"callback.body:{id_}"),
        next_at=now,
    )
    try:
        await event.save(force_create=True)
    except IntegrityError as error:
        if is_duplicate(error):
            return False
        raise
    return True


async def handle_due(handle: Handle, *, limit: int = 100) -> int:
    """Give what is due to `handle`, oldest first; returns how many were looked at."""
    now = clock.now()
    due = await CallbackEvent.filter(handled_at__isnull=True, next_at__lte=now).order_by("next_at", "id").limit(limit)
    ids = [event.id for event in due]
    if ids:
        await CallbackEvent.filter(id__in=ids).update(next_at=now + _CLAIM, attempts=F("attempts") + 1)
    done = [event.id for event in due if await _handle_one(event, handle, now)]
    if done:
        await CallbackEvent.filter(id__in=done).update(handled_at=clock.now())
    return len(due)


async def _handle_one(event: CallbackEvent, handle: Handle, now: datetime) -> bool:
    if await _is_dealt_with(event, handle) or now - event.created_at > _GIVE_UP_AFTER:
        return True
    wait = timedelta(seconds=_DELAYS[min(event.attempts, len(_DELAYS) - 1)])
    await CallbackEvent.filter(id=event.id).update(next_at=now + wait)
    return False


async def _is_dealt_with(event: CallbackEvent, handle: Handle) -> bool:
    try:
        return await handle(event.app, crypto.unseal(event.body, f"callback.body:{event.id}"))
    except Exception:  # noqa: BLE001 - of one callback; those behind it are handled
        _log.exception("callback_fault")
        return False


async def forget_handled() -> int:
    """Delete callbacks that were dealt with a week ago. Returns how many went."""
    return await CallbackEvent.filter(handled_at__lt=clock.now() - _KEPT).delete()
