"""Bytes on a socket: requests no client library would send, and clients that hang up."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import orjson
from multidict import CIMultiDict

from tests.server.http.client import Answer, Order, fresh_address
from tests.server.http.site import Site


@asynccontextmanager
async def connection(site: Site) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def exchange(site: Site, request: bytes) -> Answer:
    """The first answer to these very bytes."""
    async with asyncio.timeout(10), connection(site) as (reader, writer):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status_line, *lines = head.decode().strip().split("\r\n")
        headers = CIMultiDict(tuple(line.split(": ", 1)) for line in lines)
        body = await reader.readexactly(int(headers.get("Content-Length", "0")))
        return Answer(int(status_line.split(" ")[1]), headers, body)


def request_bytes(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """`headers`: Idempotency_Key="…" becomes Idempotency-Key."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    lines = {"Host": "localhost", "X-Forwarded-For": fresh_address(), "Content-Length": str(len(body))} | named
    head = "".join(f"{name}: {text}\r\n" for name, text in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


_BOUNDARY = "----of-the-test"


def bytes_of(route: str, order: Order, token: str) -> bytes:
    """An order as it goes over the wire."""
    method, url = order.url_of(route)
    body, media = orjson.dumps(order.body or {}), "application/json"
    if order.files:
        body, media = _multipart(order.files), f"multipart/form-data; boundary={_BOUNDARY}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media} | dict(order.headers)
    return request_bytes(method, url, body, **headers)


def _multipart(files: Sequence[bytes]) -> bytes:
    head = 'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg'
    parts = [f"--{_BOUNDARY}\r\n{head}\r\n\r\n".encode() + file + b"\r\n" for file in files]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()
