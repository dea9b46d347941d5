"""A request as this service reads it."""

import random
from typing import Any

from sanic import Request
from sanic.compat import Header
from sanic.exceptions import BadRequest
from sanic.http import Http

_ids = random.Random()  # noqa: S311 - to tell requests apart; an id opens nothing
_OF_NAMES = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class OwnRequest(Request):
    """A request whose id is always ours: one from outside could be used to forge log lines.

    Raises BadRequest where a header's name is none: "Content-Length : 5" ends the request for some readers and not
    for others (RFC 9112, 5.1).
    """

    id: str = ""  # Sanic's is a property that asks the headers

    def __init__(self, url_bytes: bytes, headers: Header, *rest: Any, **named: Any) -> None:
        if "".join(headers).encode(errors="replace").translate(None, _OF_NAMES):
            raise BadRequest
        super().__init__(url_bytes, headers, *rest, **named)
        self.id = f"{_ids.getrandbits(128):032x}"
        self.is_logged = False

    async def receive_body(self) -> None:
        """As Sanic's does, without an asynchronous generator, of which the event loop would have to keep account."""
        assert isinstance(self.stream, Http)
        chunks = []
        while self.stream.request_body:
            if chunk := await self.stream.read():
                chunks.append(chunk)
        self.body = self.body or b"".join(chunks)
