"""How the web process and its studio child talk: a JSON head and a body, each with its length in front."""

import struct
from typing import Any

import orjson

LENGTHS = struct.Struct(">II")


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    raw = orjson.dumps(head)
    return LENGTHS.pack(len(raw), len(body)) + raw + body
