"""From a request to an answer: faults on the way, one send at a time to each person, refusals as errcodes."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from aiohttp import web

from tests.simulator.faults import Fault, Faults
from tests.simulator.platform import Platform
from tests.simulator.refused import Refused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Call:
    """One call of the platform. Its body is read as JSON when somebody asks; 47001 when it is no object."""

    path: str
    query: Mapping[str, str]
    raw: bytes

    @cached_property
    def body(self) -> dict[str, Any]:
        try:
            read = orjson.loads(self.raw)
        except ValueError:
            raise Refused(47001, "data format error") from None
        if not isinstance(read, dict):
            raise Refused(47001, "data format error")
        return read

    def text(self, name: str) -> str:
        return str(self.body.get(name, ""))


Work = Callable[[Call], dict[str, Any] | bytes]


class Answering:
    """Makes handlers. A send (`to_one_person`) that comes while another to the same person is being worked on, that
    is within the latency, is refused with 43108."""

    def __init__(self, platform: Platform, faults: Faults) -> None:
        self._platform = platform
        self._faults = faults
        self._busy: set[tuple[str, str]] = set()

    def handler(self, work: Work, *, to_one_person: bool = False) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self._platform.counters[request.path.removeprefix("/")] += 1
            fault = self._faults.next_for(request.path)
            if fault and fault.drop == "request":
                return _cut(request)
            call = Call(request.path, request.query, await request.read())
            answer = await self._worked(work, call, fault, to_one_person=to_one_person)
            if fault and fault.delay:
                await asyncio.sleep(fault.delay)
            if fault and fault.drop == "reply":
                return _cut(request)
            return answer

        return handle

    async def _worked(self, work: Work, call: Call, fault: Fault | None, *, to_one_person: bool) -> web.Response:
        if fault and fault.status:
            return web.Response(status=fault.status, text="<html>bad gateway</html>")
        try:
            if fault and fault.errcode is not None:
                raise Refused(fault.errcode, "injected")
            with self._alone(call if to_one_person else None):
                if self._platform.switches.latency:
                    await asyncio.sleep(self._platform.switches.latency)
                return _answer(work(call))
        except Refused as refused:
            self._platform.counters[f"errcode {refused.code}"] += 1
            message = f"{refused.message} rid: {secrets.token_hex(4)}"
            return _answer({"errcode": refused.code, "errmsg": message})

    @contextmanager
    def _alone(self, call: Call | None) -> Iterator[None]:
        if call is None:
            yield
            return
        whose = (call.path, call.text("touser"))
        if whose in self._busy:
            raise Refused(43108, "concurrent sends to the same user")
        self._busy.add(whose)
        try:
            yield
        finally:
            self._busy.discard(whose)


def _answer(result: dict[str, Any] | bytes) -> web.Response:
    if isinstance(result, bytes):
        return web.Response(body=result, content_type="image/png")
    return web.Response(body=orjson.dumps(result), content_type="application/json", charset="utf-8")


def _cut(request: web.Request) -> web.Response:
    """The connection dies; what is returned never arrives."""
    if isinstance(request.transport, asyncio.Transport):
        request.transport.abort()
    return web.Response()


def as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
