"""Rows of the outbox: a delivery with its payload sealed, and what was sealed read back."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag

from models.base import new_id
from models.messages import Channel, Delivery
from server import clock, crypto
from server.messages.quiet import due_at
from server.messages.tries import Sendable

UNREADABLE = (InvalidTag, KeyError, ValueError)  # what was sealed was altered, or its key is gone
UNREADABLE_REASON = "内容无法解密，请检查密钥配置"


def new_delivery(*, payload: Mapping[str, Any], **columns: Any) -> Delivery:
    """A delivery not saved yet, due at once or, if its event can wait, after the quiet hours. `payload`: {"text",
    "template", "params"} of an SMS, {"template", "fields", "page"} of WeChat."""
    id_, now = new_id(), clock.now()
    seal = _sealed_once if columns.get("bulk") else crypto.seal
    sealed = seal(orjson.dumps(payload).decode(), _context(id_, columns))
    template = template_key(columns["channel"], payload.get("template", ""))
    given = {"created_at": now, "next_at": due_at(now, columns["event"]), "template": template} | columns
    return Delivery(id=id_, payload=sealed, **given)


def template_key(channel: Channel, template: str) -> str:
    """The name by which staff and faults hold all messages of one template: the mini program's have names of their
    own, because the service account has templates with the same keys."""
    return f"{channel}.{template}" if channel is Channel.MINI_PROGRAM else template


def payload_of(delivery: Sendable) -> Mapping[str, Any]:
    """Raises one of UNREADABLE."""
    context = _context(delivery.id, {"bulk": delivery.bulk, "occurrence": delivery.occurrence})
    return _opened_once(delivery.payload, context) if delivery.bulk else _opened(delivery.payload, context)


def _context(id_: UUID, columns: Mapping[str, Any]) -> str:
    """What a notice says is the same for all: it is sealed for the notice, and opened once for many."""
    return f"delivery.payload:{columns['occurrence'] if columns.get('bulk') else id_}"


def _opened(sealed: str, context: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(crypto.unseal(sealed, context))
    return found


_NOTICES = 16
_sealed_once = lru_cache(_NOTICES)(crypto.seal)
_opened_once = lru_cache(_NOTICES)(_opened)


def text_of(delivery: Sendable) -> str:
    """What the person reads, on one line for WeChat's fields."""
    return text_in(payload_of(delivery))


def text_in(payload: Mapping[str, Any]) -> str:
    return str(payload["text"]) if "text" in payload else "；".join(payload["fields"].values())
