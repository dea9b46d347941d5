"""How a route is declared: one decorator that reads the function's signature and leaves the function callable."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter
from sanic import Blueprint

Handler = Callable[..., Awaitable[Any]]
Recall = Callable[[Any], bytes | None]  # of a Call


class Audience(Enum):
    PUBLIC = "public"
    INCOMPLETE = "incomplete"
    APPLICANT = "applicant"
    STAFF = "staff"


@dataclass(frozen=True)
class Access:
    """Who may call a route; `right` is a key of config/roles.yaml, "" for any member of staff."""

    audience: Audience
    right: str = ""


PUBLIC = Access(Audience.PUBLIC)
INCOMPLETE = Access(Audience.INCOMPLETE)  # also with an initial password
APPLICANT = Access(Audience.APPLICANT)

# One upload may carry two full pages of 5 MB; more pages come one by one. Any other body is read before anybody is
# asked who sends it, and the longest of them, a notice, has 20 000 characters.
MOST_UPLOADED, MOST_BYTES = 12 * 1024 * 1024, 256 * 1024

PAGE_MEDIA = ("image/jpeg", "image/png", "application/pdf")  # what an uploaded page is kept as


def staff(right: str = "") -> Access:
    return Access(Audience.STAFF, right)


@dataclass(frozen=True)
class Endpoint:
    """One route as declared. `path` is the full path in Sanic's syntax: /api/v1/applications/<id>."""

    method: str
    path: str
    name: str
    handler: Handler
    access: Access
    status: int
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    query_lists: frozenset[str]
    path_types: dict[str, TypeAdapter[Any]]
    answer: Any
    media: tuple[str, ...]
    upload: bool
    headers: frozenset[str]
    optional_headers: frozenset[str]
    refuses: tuple[int, ...]
    tag: str
    summary: str
    recalled: Recall | None = None
    most_bytes: int | None = None


_OWN = {"call", "body", "query", "return"}


def endpoint(
    blueprint: Blueprint,
    route: str,
    *,
    access: Access,
    status: int = 200,
    media: str | tuple[str, ...] = "application/json",
    upload: bool = False,
    headers: tuple[str, ...] = (),
    optional_headers: tuple[str, ...] = (),
    refuses: tuple[int, ...] = (),
    recalled: Recall | None = None,
    most_bytes: int | None = None,
) -> Callable[[Handler], Handler]:
    """Declare `route` ("POST /appointments/<id>/cancel") on a blueprint.

    The handler takes `call: Call` and, as it needs them, `body: Model` (JSON), `query: Model` (query string) and
    the path's parameters by name with any type pydantic knows (a wrong one is 404). It returns a model, a Reply or
    a Stream (`media` names their content types), and says no by raising a Refusal. `upload` marks a multipart body,
    `headers` names required ones for the document ("if-match", "idempotency-key"), `optional_headers` those that may
    be left out, `refuses` the statuses that do not follow from the rest: 401 of a login. `recalled` may give the JSON
    answer from this process's memory without waiting for anything; None calls the handler. A body above `most_bytes`
    is refused before it is read; unless told otherwise MOST_UPLOADED of an upload, MOST_BYTES of any other.
    """
    method, path = route.split(" ")

    def declare(handler: Handler) -> Handler:
        found = Endpoint(
            method=method,
            path=f"{blueprint.url_prefix or ''}{path}",
            handler=handler,
            access=access,
            status=status,
            media=(media,) if isinstance(media, str) else media,
            upload=upload,
            headers=frozenset(headers),
            optional_headers=frozenset(optional_headers),
            refuses=refuses,
            tag=blueprint.name,
            recalled=recalled,
            most_bytes=most_bytes or (MOST_UPLOADED if upload else None),
            **_of_signature(handler),
        )
        endpoints_of(blueprint).append(found)
        return handler

    return declare


def _of_signature(handler: Handler) -> dict[str, Any]:
    """What the handler's name, docstring and annotations say of its endpoint."""
    hints = inspect.get_annotations(handler, eval_str=True)
    return {
        "name": handler.__name__,
        "summary": (inspect.getdoc(handler) or "").strip(),
        "body": hints.get("body"),
        "query": hints.get("query"),
        "query_lists": _lists_of(hints.get("query")),
        "path_types": {name: _reader_of(hint) for name, hint in hints.items() if name not in _OWN},
        "answer": hints.get("return"),
    }


@cache
def _reader_of(hint: Any) -> TypeAdapter[Any]:
    """Most paths name a UUID: one reader for all of them."""
    return TypeAdapter(hint)


def _lists_of(query: type[BaseModel] | None) -> frozenset[str]:
    fields = query.model_fields if query else {}
    return frozenset(name for name, info in fields.items() if "list" in str(info.annotation))


def endpoints_of(blueprint: Blueprint) -> list[Endpoint]:
    """Every endpoint declared on a blueprint, in order."""
    if not hasattr(blueprint.ctx, "endpoints"):
        blueprint.ctx.endpoints = []
    found: list[Endpoint] = blueprint.ctx.endpoints
    return found
