"""What texts say of a business, read from the edition that the application is pinned to."""

from server.businesses.editions import find_edition


async def business_values(digest: str) -> dict[str, str]:
    """The names of a business as config/messages.yaml uses them. Raises UnknownEdition."""
    business = await find_edition(digest)
    values = {
        "business": business.label,
        "sms_phrase": business.sms_phrase or business.label,
        "in_person": business.in_person or "",
        "bring": "、".join(business.bring),
        "bring_agent": "、".join(business.bring_if_agent),
    }
    if place := business.location:
        values |= {"location_name": place.name, "location_address": place.address, "location_short": place.short}
    return values
