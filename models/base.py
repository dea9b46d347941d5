"""What every stored row shares: a time-ordered opaque id and the moment it was written."""

import os
import time
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

_last = 0


def new_id() -> UUID:
    """A UUIDv7: sorts by creation time, so `ORDER BY id DESC` is newest first and serves as a paging key.

    The 12 bits after the millisecond count its fractions, and never stand still within a process.
    """
    global _last  # noqa: PLW0603 - one sequence a process
    _last = max(time.time_ns() // 250, _last + 1)
    milliseconds, fraction = divmod(_last, 4000)
    value = bytearray(milliseconds.to_bytes(6, "big") + fraction.to_bytes(2, "big") + os.urandom(8))
    value[6] |= 0x70
    value[8] = value[8] & 0x3F | 0x80
    return UUID(bytes=bytes(value))


class Row(Model):
    id = fields.UUIDField(primary_key=True, default=new_id)
    created_at = fields.DatetimeField()

    class Meta:
        abstract = True


def enum_column(choices: Any, *, width: int = 32, **options: Any) -> Any:
    """A snake_case enum stored as text with an explicit width, so that a longer value never needs a migration."""
    return fields.CharEnumField(choices, max_length=width, **options)
