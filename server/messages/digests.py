"""What failed on each day, written on the morning after: by channel, event and reason."""

import json
import logging
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.functions import Count

from models.messages import Delivery, DeliveryDigest, DeliveryState
from server import clock
from server.messages.inbox import parse_cursor
from server.messages.texts import message_texts
from server.transactions import is_duplicate

_DAY = timedelta(days=1)
_CATCH_UP = 7 * _DAY  # how far back days are made up for on which no worker ran

_log = logging.getLogger("zcgl")


@dataclass(frozen=True)
class Failures:
    """So many deliveries of one channel and event ended for one reason."""

    channel: str
    event: str
    code: str
    reason: str
    count: int


async def write_digest() -> bool:
    """Once a morning, from the end of the quiet hours on, for the day before and those missed before it; further calls
    do nothing."""
    local = clock.local_now()
    if f"{local:%H:%M}" < message_texts().quiet.end:
        return False
    return any([await _write(day) for day in await _days_left(local.date())])


async def _days_left(today: date) -> list[date]:
    """From the last day that has its digest, or else yesterday alone."""
    last = await DeliveryDigest.filter(on_date__lt=today).order_by("-on_date").first()
    first = max(last.on_date + _DAY, today - _CATCH_UP) if last else today - _DAY
    return [first + timedelta(days=n) for n in range((today - first).days)]


async def _write(day: date) -> bool:
    failures = await failures_on(day)
    body = json.dumps([vars(line) for line in failures], ensure_ascii=False)
    try:
        await DeliveryDigest.create(created_at=clock.now(), on_date=day, body=body)
    except IntegrityError as error:  # another worker wrote it just now
        if is_duplicate(error):
            return False
        raise
    total = sum(line.count for line in failures)
    _log.info("delivery_digest", extra={"facts": {"on": str(day), "failed": total, "kinds": len(failures)}})
    return True


async def failures_on(day: date) -> list[Failures]:
    """What ended without arriving on a day in Beijing, the most frequent first."""
    ended = Delivery.filter(
        state__in=(DeliveryState.REFUSED, DeliveryState.FAILED),
        ended_at__gte=clock.at(day, "00:00"),
        ended_at__lt=clock.at(day + _DAY, "00:00"),
    )
    by = ("channel", "event", "error_code", "reason")
    rows: list[Any] = await ended.annotate(count=Count("id")).group_by(*by).values_list(*by, "count")
    return sorted((Failures(*row) for row in rows), key=lambda line: -line.count)


def lines_of(digest: DeliveryDigest) -> list[Failures]:
    return [Failures(**line) for line in json.loads(digest.body)]


async def list_digests(*, cursor: str | None, limit: int) -> tuple[list[DeliveryDigest], str | None]:
    """Newest first, with the next page's cursor. Raises BadCursor."""
    found = DeliveryDigest.filter(id__lt=parse_cursor(cursor)) if cursor else DeliveryDigest.all()
    rows = await found.order_by("-id").limit(limit + 1)
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None
