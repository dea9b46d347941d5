"""Rows of the outbox: a delivery with its payload sealed, and what was sealed read back."""

import json
from collections.abc import Mapping
from typing import Any

from models.base import new_id
from models.messages import Channel, Delivery
from server import clock, crypto
from server.messages.quiet import due_at


def new_delivery(*, payload: Mapping[str, Any], **columns: Any) -> Delivery:
    """A delivery not saved yet, due at once or, if its event can wait, after the quiet hours. `payload`: {"text",
    "template", "params"} of an SMS, {"template", "fields", "page"} of WeChat."""
    id_, now = new_id(), clock.now()
    sealed = crypto.seal(json.dumps(payload, ensure_ascii=False), f"delivery.payload:{id_}")
    template = template_key(columns["channel"], payload.get("template", ""))
    given = {"created_at": now, "next_at": due_at(now, columns["event"]), "template": template} | columns
    return Delivery(id=id_, payload=sealed, **given)


def template_key(channel: Channel, template: str) -> str:
    """The name by which staff and faults hold all messages of one template: the mini program's have names of their
    own, because the service account has templates with the same keys."""
    return f"{channel}.{template}" if channel is Channel.MINI_PROGRAM else template


def payload_of(delivery: Delivery) -> dict[str, Any]:
    """Raises cryptography's InvalidTag when the row was altered, KeyError when its key is gone."""
    found: dict[str, Any] = json.loads(crypto.unseal(delivery.payload, f"delivery.payload:{delivery.id}"))
    return found


def text_of(delivery: Delivery) -> str:
    """What the person reads, on one line for WeChat's fields."""
    return text_in(payload_of(delivery))


def text_in(payload: Mapping[str, Any]) -> str:
    return str(payload["text"]) if "text" in payload else "；".join(payload["fields"].values())
