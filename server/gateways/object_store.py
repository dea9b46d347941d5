"""Sealed objects in a folder or an S3-compatible store, through obstore."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from cryptography.exceptions import InvalidTag
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from config.settings import S3Settings
from server import clock, crypto
from server.materials.store import ObjectAltered, ObjectMissing, StoreDown

_PROBE = "probe"
# Who uploads waits for it: a provider that is down is said to be down, not asked again for three minutes.
_RETRIES, _RETRY_FOR = 2, timedelta(seconds=10)
_UNFINISHED_SECONDS = 3600.0  # nobody writes one object for so long


class SealedStore:
    """Satisfies server.materials.store.Store. Nothing readable reaches the disk or the provider."""

    def __init__(self, store: Any) -> None:
        self._store = store

    async def put(self, key: str, data: bytes) -> None:
        sealed = await asyncio.to_thread(crypto.seal_bytes, data, _context(key))
        with _translated():
            await obstore.put_async(self._store, key, sealed)

    async def get(self, key: str) -> bytes:
        with _translated():
            found = await obstore.get_async(self._store, key)
            sealed = bytes(await found.bytes_async())
        try:
            return await asyncio.to_thread(crypto.unseal_bytes, sealed, _context(key))
        except (InvalidTag, ValueError, KeyError) as error:  # altered, cut short, or another object's bytes
            raise ObjectAltered from error

    async def delete(self, key: str) -> None:
        try:
            with _translated():
                await obstore.delete_async(self._store, key)
        except ObjectMissing:
            return

    async def list(self, *, older_than: datetime) -> AsyncIterator[str]:
        with _translated():
            async for batch in obstore.list(self._store):
                for found in batch:
                    if found["last_modified"] < older_than and found["path"] != _PROBE:
                        yield found["path"]

    async def ping(self) -> None:
        with _translated():
            await obstore.put_async(self._store, _PROBE, b"")


def open_store(url: str, home: Path, s3: S3Settings | None = None) -> SealedStore:
    """`url` empty: a folder under `home`; else s3://bucket, reached as `s3` and the provider's variables say."""
    return SealedStore(open_provider(url, home, s3 or S3Settings()))


def open_provider(url: str, home: Path, s3: S3Settings) -> Any:
    """What lies under a SealedStore: an obstore of sealed bytes, as a backup copies them. Raises StoreDown for
    settings with which none can be opened."""
    if url:
        retries: Any = {"max_retries": _RETRIES, "retry_timeout": _RETRY_FOR}
        with _translated():
            return from_url(url, retry_config=retries, **_s3_options(s3))
    folder = home / "objects"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _forget_unfinished(folder)
    return LocalStore(prefix=folder)


def _s3_options(s3: S3Settings) -> dict[str, Any]:
    """What obstore's from_url is told; nothing where nothing is set, for then the environment speaks."""
    endpoint = str(s3.endpoint or "").rstrip("/")
    given = {
        "endpoint": endpoint,
        "region": s3.region,
        "access_key_id": s3.access_key_id.get_secret_value(),
        "secret_access_key": s3.secret_access_key.get_secret_value(),
    }
    config = {name: value for name, value in given.items() if value}
    plain = {"client_options": {"allow_http": True}} if endpoint.startswith("http://") else {}
    return ({"config": config} if config else {}) | plain


def _forget_unfinished(folder: Path) -> None:
    """What a process that was killed had begun to write is named `<key>#<number>` and stands in no list."""
    long_ago = clock.now().timestamp() - _UNFINISHED_SECONDS
    for path in folder.glob("*#*"):
        with suppress(FileNotFoundError):  # another process finished it, or forgot it
            if path.stat().st_mtime < long_ago:
                path.unlink()


def _context(key: str) -> str:
    return f"page:{key}"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing from error
    except (BaseError, OSError) as error:
        raise StoreDown from error
