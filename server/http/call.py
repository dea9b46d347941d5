"""One request as a route sees it, and the two answers that are not JSON."""

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from server.accounts.caller import Caller
from server.errors import Invalid, Unauthenticated
from server.http.request import OwnRequest
from server.http.services import Services

_VERSION = re.compile(r"[0-9]{1,9}")


@dataclass
class Call:
    request: OwnRequest
    services: Services
    who: Caller | None = None
    began: float = field(default_factory=time.monotonic)  # on the monotonic clock

    @property
    def caller(self) -> Caller:
        """Who asks; raises Unauthenticated on a public route called without login."""
        if self.who is None:
            raise Unauthenticated
        return self.who

    @property
    def id(self) -> str:
        return self.request.id

    @property
    def address(self) -> str:
        """The client's address; behind a proxy as PROXIES_COUNT says, without the brackets that Sanic puts about an
        IPv6 one."""
        return (self.request.remote_addr or self.request.ip).strip("[]")

    @property
    def token(self) -> str:
        """The bearer token as sent, or an empty string; bytes that are no text become question marks."""
        kind, _, token = self.request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return ""
        token = token.strip()
        return token if token.isascii() else token.encode(errors="replace").decode()

    def header(self, name: str) -> str | None:
        return self.request.headers.get(name)

    def if_match(self) -> int:
        """The version a partial update was made on (If-Match: 3); raises Invalid when absent or no number."""
        raw = (self.header("if-match") or "").strip().strip('"')
        if not _VERSION.fullmatch(raw):
            raise Invalid("缺少版本号，请刷新后重试", field="If-Match")
        return int(raw)

    def files(self) -> list[bytes]:
        """The uploaded files of a multipart body in order, whatever their fields are called."""
        return [file.body for files in (self.request.files or {}).values() for file in files]


@dataclass(frozen=True)
class Reply:
    """A body that is not JSON."""

    body: bytes
    content_type: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    """Chunks sent as they come; no transaction is held while they do."""

    chunks: AsyncIterator[bytes]
    content_type: str = "text/event-stream"
