"""What careless and hostile clients send, and a look at what it left behind."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import Any

from server.transactions import connection

_MISSING = object()
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "minus one": -1,
    "a number beyond 64 bits": 10**30,
    "a number of 400 digits": 10**400,
    "not a number": float("nan"),
    "a fraction": 1.5,
    "nothing": "",
    "a blank": " ",
    "NUL": "\x00",
    "NUL inside": "张\x00三",
    "a lone surrogate": "\ud800",
    "right to left": "\u202e三张",
    "100 000 letters": "x" * 100_000,
    "300 letters": "张" * 300,
    "rare and painted": "𠮷䶮㛃😀👨‍👩‍👧",
    "full width digits": "４２",
    "a list": ["x"],
    "an empty list": [],
    "an object": {"a": {"b": []}},
    "SQL": "'; DROP TABLE account;--",
    "a pattern": "%_\\",
    "a path": "../../etc/passwd",
    "a day that is not": "2026-02-30",
    "the last day": "9999-12-31",
    "the first day": "0001-01-01",
    "nobody's id": "019a0000-0000-7000-8000-000000000000",
}

# No JSON at all, or none of ours: text as sent -> what is said. A model without required fields takes "nothing at all".
BODIES: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "400 bad_json"),
    "a form": (b"account=1&password=2", "400 bad_json"),
    "invalid UTF-8": (b'{"a": "\xff\xfe"}', "400 bad_json"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "400 bad_json"),
    "two documents": (b"{}{}", "400 bad_json"),
    "100 000 lists deep": (b"[" * 100_000, "400 bad_json"),
    "50 000 objects deep": (b'{"a":' * 50_000, "400 bad_json"),
    "a list": (b"[]", "422 invalid"),
    "a text": (b'"account"', "422 invalid"),
    "a number": (b"1", "422 invalid"),
    "null": (b"null", "422 invalid"),
    "an unknown field": (b'{"is_admin": true}', "422 invalid"),
}

_COUNTED = (
    "account",
    "application",
    "history_entry",
    "submission",
    "verdict",
    "page",
    "appointment",
    "visit",
    "day_override",
    "filing_window",
    "wechat_binding",
    "message",
    "delivery",
    "audit_entry",
    "login_session",
    "request_key",
)
_SUMMED = (
    "account.version",
    "account.epoch",
    "application.version",
    "application.pages_version",
    "appointment.version",
)


async def everything_written() -> dict[str, int]:
    """How much there is of everything, and how often it was changed."""
    counts = [f"(SELECT COUNT(*) FROM {table}) AS n_{table}" for table in _COUNTED]
    sums = [(*name.split("."), name.replace(".", "_")) for name in _SUMMED]
    changes = [f"(SELECT COALESCE(SUM({column}), 0) FROM {table}) AS s_{alias}" for table, column, alias in sums]
    (row,) = await connection().execute_query_dict(f"SELECT {', '.join(counts + changes)}")
    return {name: int(value) for name, value in row.items()}


Spoil = Callable[[Any], bytes]


def spoilings(body: Any) -> Iterator[tuple[str, Spoil]]:
    """Ways to send bodies like this one with one thing wrong: (what is wrong, what makes it so)."""
    for place in _places(body):
        for name, value in VALUES.items():
            yield f"{'.'.join(map(str, place))}: {name}", partial(_encoded, place=place, value=value)
    for place in _objects(body):
        yield f"{place}: unknown field", partial(_encoded, place=(*place, "is_admin"), value=True)
    for key in body:
        yield f"{key}: missing", partial(_encoded, place=(key,), value=_MISSING)


def _encoded(body: Any, *, place: tuple[Any, ...], value: Any) -> bytes:
    changed = deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    if value is _MISSING:
        del inner[place[-1]]
    return json.dumps(changed).encode()


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _places(inner, (*place, key))


def _objects(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _objects(inner, (*place, key))
