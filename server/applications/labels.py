"""What states and businesses are called: states in config/states.yaml, a business in the edition it was shown in."""

from collections.abc import Iterable

from models.applications import Application, State
from server.businesses import Business, catalogue
from server.businesses.editions import find_edition


def label_of(state: State) -> str:
    return catalogue().states.statuses[state].label


async def businesses_of(rows: Iterable[Application]) -> dict[str, Business]:
    """edition -> business, for rows that may be older than the files."""
    return {digest: await find_edition(digest) for digest in {row.edition for row in rows}}


async def business_labels(rows: Iterable[Application]) -> dict[str, str]:
    """edition -> the business's label."""
    return {digest: business.label for digest, business in (await businesses_of(rows)).items()}
