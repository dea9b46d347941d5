"""An edition of a business: its canonical JSON and the digest that applications are pinned to."""

import hashlib
import json

from server.businesses.record import Record
from server.businesses.schema import Business, FormField, Material


class Edition(Record):
    """`digest`: sha256 of `body`, in hex."""

    digest: str
    key: str
    body: str


def edition_of(business: Business) -> Edition:
    """Equal businesses have equal bodies, byte for byte."""
    body = json.dumps(business.plain(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Edition(digest=hashlib.sha256(body.encode()).hexdigest(), key=business.key, body=body)


def load_edition(body: str) -> Business:
    """The business that `edition_of` wrote."""
    return Business.model_validate_json(body)


def differences(old: Business, new: Business) -> list[str]:
    """The labels of fields and materials that were added, taken away or changed, for a draft that moves on."""
    before = {(kind, item.key): item for kind, items in _items(old) for item in items}
    after = {(kind, item.key): item for kind, items in _items(new) for item in items}
    keys = [key for key in {**after, **before} if before.get(key) != after.get(key)]
    return [(after.get(key) or before[key]).label for key in keys]


def _items(business: Business) -> tuple[tuple[str, tuple[FormField | Material, ...]], ...]:
    return ("field", business.fields), ("material", business.materials)
