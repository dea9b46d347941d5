"""What texts say of a business, read from the edition that the application is pinned to."""

from dataclasses import dataclass

from models.businesses import BusinessEdition
from server.businesses import Business, load_edition

_known: dict[str, "BusinessFacts"] = {}  # editions never change and are few


@dataclass(frozen=True)
class BusinessFacts:
    """`values`: the names of a business as config/messages.yaml uses them."""

    values: dict[str, str]


async def facts_of(digest: str) -> BusinessFacts:
    """Facts of the edition with this digest. Raises tortoise's DoesNotExist for an edition never written."""
    if digest not in _known:
        edition = await BusinessEdition.get(digest=digest)
        _known[digest] = _read(load_edition(edition.body))
    return _known[digest]


def _read(business: Business) -> BusinessFacts:
    values = {
        "business": business.label,
        "sms_phrase": business.sms_phrase or business.label,
        "in_person": business.in_person or "",
        "bring": "、".join(business.bring),
        "bring_agent": "、".join(business.bring_if_agent),
    }
    if place := business.location:
        values |= {"location_name": place.name, "location_address": place.address, "location_short": place.short}
    return BusinessFacts(values)
