"""Sealing of personal data at rest (AES-256-GCM with key ids), keyed blind indexes, and opaque secrets.

A keyring is installed once by the composition root (`use`). A sealed value is text: `k1.<base64 nonce+ciphertext>`;
`context` (for example "application.form:<id>") is authenticated, so a value cannot be moved to another row.
"""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


@dataclass(frozen=True)
class Keyring:
    """`keys`: key id -> 32 bytes, `current` names the one that seals; `index_key` and `pepper`: >= 32 bytes each."""

    keys: dict[str, bytes]
    current: str
    index_key: bytes
    pepper: bytes


class NoKeyring(RuntimeError):
    """crypto was used before the composition root installed a keyring."""


_keyring: Keyring | None = None


def use(keyring: Keyring) -> None:
    global _keyring  # noqa: PLW0603 - one keyring a process, set once by the composition root
    _keyring = keyring


def keyring() -> Keyring:
    if _keyring is None:
        raise NoKeyring
    return _keyring


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def seal_bytes(data: bytes, context: str) -> bytes:
    """Key id, "." and nonce + ciphertext as raw bytes, for files."""
    ring = keyring()
    nonce = os.urandom(_NONCE)
    return (
        ring.current.encode() + b"." + nonce + _cipher(ring.keys[ring.current]).encrypt(nonce, data, context.encode())
    )


def unseal_bytes(sealed: bytes, context: str) -> bytes:
    """Raises cryptography.exceptions.InvalidTag when the value was altered or belongs to another context."""
    key_id, _, body = sealed.partition(b".")
    return _cipher(keyring().keys[key_id.decode()]).decrypt(body[:_NONCE], body[_NONCE:], context.encode())


def seal(text: str, context: str) -> str:
    key_id, _, body = seal_bytes(text.encode(), context).partition(b".")
    return f"{key_id.decode()}.{base64.b64encode(body).decode()}"


def unseal(sealed: str, context: str) -> str:
    key_id, _, body = sealed.partition(".")
    return unseal_bytes(key_id.encode() + b"." + base64.b64decode(body), context).decode()


def blind_index(value: str) -> str:
    """Keyed hash for exact lookup of a sealed value: 64 hex. Letters are folded to upper case, blanks dropped."""
    folded = "".join(value.split()).upper()
    return hmac.new(keyring().index_key, folded.encode(), hashlib.sha256).hexdigest()


def new_secret(bits: int = 192) -> str:
    """A URL-safe random secret."""
    return secrets.token_urlsafe(bits // 8)


def hash_secret(secret: str) -> str:
    """What is stored of an opaque secret (64 hex); secrets are random, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


_HIDDEN = 4  # characters at the least


def mask(value: str, head: int = 3, tail: int = 4) -> str:
    """110***********123X: the first `head` and last `tail` characters. Where little would stay hidden, as in a permit
    number of eight, three are shown; of a few, only the first."""
    if len(value) < head + tail + _HIDDEN:
        head, tail = 1, min(2, tail)
    if len(value) <= head + tail:
        return value[:1] + "*" * (len(value) - 1)
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]
