"""Editions in the database: written by `migrate` when new, never changed, read by what was decided under them."""

from functools import lru_cache

from tortoise.exceptions import IntegrityError

from models.businesses import BusinessEdition
from server.businesses.catalogue import catalogue, current_edition
from server.businesses.edition import Edition, edition_of, load_edition
from server.businesses.load import Catalogue
from server.businesses.refusals import UnknownEdition
from server.businesses.schema import Business
from server.clock import now

__all__ = ["Edition", "current_edition", "edition_of", "find_edition", "load_edition", "store_editions"]


async def store_editions(of: Catalogue) -> list[str]:
    """Write the editions that are not there yet; the keys of the businesses that got a new one."""
    digests = [edition.digest for edition in of.editions.values()]
    known = {row.digest for row in await BusinessEdition.filter(digest__in=digests).only("digest")}
    fresh = [edition for edition in of.editions.values() if edition.digest not in known]
    return [edition.key for edition in fresh if await _write(edition)]


async def find_edition(digest: str) -> Business:
    """The business as it was in that edition. Raises UnknownEdition."""
    for key, edition in catalogue().editions.items():
        if edition.digest == digest:
            return catalogue().businesses[key]
    row = await BusinessEdition.get_or_none(digest=digest)
    if row is None:
        raise UnknownEdition
    return _loaded(row.body)


@lru_cache(maxsize=128)
def _loaded(body: str) -> Business:
    return load_edition(body)


async def _write(edition: Edition) -> bool:
    """False when another process has just written the same one."""
    try:
        await BusinessEdition.create(digest=edition.digest, key=edition.key, body=edition.body, created_at=now())
    except IntegrityError:
        return False
    return True
