"""What every stored row shares: a time-ordered opaque id and the moment it was written."""

import os
import time
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model


def new_id() -> UUID:
    """A UUIDv7: sorts by creation time, so `ORDER BY id DESC` is newest first and serves as a paging key."""
    milliseconds = time.time_ns() // 1_000_000
    value = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    value[6] = value[6] & 0x0F | 0x70
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
