"""A client of the service that looks at every answer as sharply as at the one it was sent for."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from yarl import URL

from tests.server.http.contract import Contract
from tests.server.http.site import Site

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_addresses = itertools.count(1)


def fresh_address() -> str:
    """An address nobody came from before: limits count by address."""
    number = next(_addresses)
    return f"198.18.{number // 250 % 250}.{number % 250}"


@dataclass(frozen=True)
class Order:
    """A request but for who sends it: names in the path, JSON (or `raw` bytes, or files), query, headers."""

    path: Mapping[str, object] = field(default_factory=dict)
    body: Any = None
    raw: bytes | None = None
    files: Sequence[bytes] = ()
    query: Any = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def url_of(self, route: str) -> tuple[str, str]:
        """Method and path with query, percent-encoded, of "GET /api/v1/applications/<id>"."""
        method, path = route.split(" ")
        for name, value in self.path.items():
            path = path.replace(f"<{name}>", quote(str(value), safe=""))
        query = self.query if isinstance(self.query, str) else urlencode(self.query, doseq=True)
        return method, f"{path}?{query}" if query else path


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def media(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0]

    @property
    def body(self) -> Any:
        return orjson.loads(self.raw) if self.media == "application/json" else None

    @property
    def code(self) -> str:
        return str(self.body["code"]) if self.status >= 400 else ""

    @property
    def said(self) -> str:
        """ "404 not_found", or "200"."""
        return f"{self.status} {self.code}".strip()

    def faults(self) -> list[str]:
        """What breaks the house rules that hold for every answer (api.md, reliability.md §3)."""
        found = [f"{k}: {self.headers.get(k)}" for k, v in _FIXED.items() if self.headers.get(k) != v]
        if self.status >= 500 and self.status != 503:
            found.append(f"status {self.status}")
        return found + (self._problem_faults() if self.status >= 400 else [])

    def _problem_faults(self) -> list[str]:
        if self.media != "application/json":
            return [f"an error of media {self.media}"]
        body, faults = self.body, []
        if not {"code", "message", "request_id"} <= body.keys():
            return [f"an error with only {sorted(body)}"]
        if not any("一" <= letter <= "鿿" for letter in body["message"]):
            faults.append(f"message: {body['message']}")
        if not body["request_id"] or body["request_id"] != self.headers.get("X-Request-ID"):
            faults.append(f"request_id: {body['request_id']!r}")
        if self.status in (429, 503) and int(self.headers.get("Retry-After", "0")) < 1:
            faults.append("no Retry-After")
        return faults


class Client:
    """Sends orders to one site; every answer is held against the house rules and the published document."""

    def __init__(self, site: Site, http: aiohttp.ClientSession, contract: Contract) -> None:
        self.site, self._http, self._contract = site, http, contract

    def at(self, site: Site) -> "Client":
        """The same client before another process."""
        return Client(site, self._http, self._contract)

    async def send(
        self, route: str, order: Order | None = None, token: str = "", *, address: str = "", documented: str = ""
    ) -> Answer:
        """`documented`: the route as the document has it, when `route` is spoilt on purpose."""
        order = order or Order()
        method, url = order.url_of(route)
        headers = {"X-Forwarded-For": address or fresh_address()} | order.headers
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = await self._ask(method, url, headers, order)
        faults = answer.faults() + self._contract.faults(documented or route, answer.status, answer.media, answer.body)
        assert not faults, (route, answer.status, faults, answer.raw[:500])
        return answer

    async def _ask(self, method: str, url: str, headers: dict[str, str], order: Order) -> Answer:
        data: Any = order.raw
        if order.body is not None:
            data = orjson.dumps(order.body)
        if order.files:
            data = aiohttp.FormData()
            for number, file in enumerate(order.files):
                data.add_field("file", BytesIO(file), filename=f"扫描件{number}.jpg")
        elif data is not None:
            headers = {"Content-Type": "application/json"} | headers
            data = BytesIO(data)
        target = URL(self.site.url + url, encoded=True)
        async with self._http.request(method, target, headers=headers, data=data, allow_redirects=False) as reply:
            return Answer(reply.status, reply.headers, await reply.read())
