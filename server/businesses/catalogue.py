"""The catalogue in force: the configured one, loaded once, or the one a test has put in its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from server.businesses.edition import Edition
from server.businesses.load import Catalogue, load
from server.businesses.refusals import UnknownBusiness
from server.businesses.schema import Business

_installed: list[Catalogue] = []


def catalogue(folder: Path | None = None) -> Catalogue:
    """The process's catalogue; with `folder`, the configured one and the business files in there."""
    if folder is not None:
        return load(folder)
    return _installed[-1] if _installed else _configured()


@contextmanager
def use_catalogue(other: Catalogue) -> Iterator[Catalogue]:
    """Puts another catalogue in force in this process until the block ends: `with use_catalogue(catalogue(folder)):`"""
    _installed.append(other)
    try:
        yield other
    finally:
        _installed.remove(other)


def find_business(key: str) -> Business:
    """Raises UnknownBusiness."""
    found = catalogue().businesses.get(key)
    if found is None:
        raise UnknownBusiness
    return found


def current_edition(key: str) -> Edition:
    """The newest edition of a business. Raises UnknownBusiness."""
    find_business(key)
    return catalogue().editions[key]


@cache
def _configured() -> Catalogue:
    return load()
