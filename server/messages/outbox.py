"""Rows of the outbox: a delivery with its payload sealed, and what was sealed read back."""

import json
from collections.abc import Mapping
from typing import Any

from models.base import new_id
from models.messages import Delivery
from server import clock, crypto


def new_delivery(*, payload: Mapping[str, Any], **columns: Any) -> Delivery:
    """A delivery due at once, not saved yet. `payload`: {"text"} of an SMS, {"template", "fields"} of WeChat."""
    id_, now = new_id(), clock.now()
    sealed = crypto.seal(json.dumps(payload, ensure_ascii=False), f"delivery.payload:{id_}")
    return Delivery(id=id_, created_at=now, next_at=now, payload=sealed, **columns)


def payload_of(delivery: Delivery) -> dict[str, Any]:
    """Raises cryptography's InvalidTag when the row was altered, KeyError when its key is gone."""
    found: dict[str, Any] = json.loads(crypto.unseal(delivery.payload, f"delivery.payload:{delivery.id}"))
    return found


def text_of(delivery: Delivery) -> str:
    """What the person reads, on one line for WeChat's fields."""
    payload = payload_of(delivery)
    return str(payload["text"]) if "text" in payload else "；".join(payload["fields"].values())
