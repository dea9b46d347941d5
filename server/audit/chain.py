"""The hash chain over the audit trail: entries are linked after they were committed, one chainer at a time."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from tortoise.exceptions import IntegrityError

from models.audit import AuditEntry
from server import crypto
from server.transactions import in_transaction

START = "0" * 64
_PAGE = 500


@dataclass(frozen=True)
class ChainReport:
    """`broken_at`: the first place whose entry was changed, moved or removed. `head`: the last hash, to note down
    elsewhere (cutting off the end cannot be seen from within). `unlinked_tail`: written, not yet linked."""

    linked: int
    unlinked_tail: int
    broken_at: int | None
    head: str


def entry_hash(entry: AuditEntry, seq: int, previous: str) -> str:
    """Keyed with the index key: who can write the database alone still cannot forge a chain."""
    body = json.dumps(_content(entry, seq, previous), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(crypto.keyring().index_key, b"audit:" + body.encode(), hashlib.sha256).hexdigest()


def _content(entry: AuditEntry, seq: int, previous: str) -> dict[str, Any]:
    return {
        "seq": seq,
        "previous": previous,
        "id": str(entry.id),
        "created_at": entry.created_at.astimezone(UTC).isoformat(),
        "actor_id": str(entry.actor_id) if entry.actor_id else None,
        "actor_name": entry.actor_name,
        "action": entry.action,
        "object_kind": entry.object_kind,
        "object_id": entry.object_id,
        "reason": entry.reason,
        "details": entry.details,
        "request_id": entry.request_id,
    }


async def link_entries(limit: int = _PAGE) -> int:
    """Link up to `limit` entries and return how many. The worker leases this job; should two run all the same,
    the unique `seq` lets one of them link and the other link nothing."""
    try:
        async with in_transaction():
            return await _link(limit)
    except IntegrityError:
        return 0


async def _link(limit: int) -> int:
    seq, previous = await _head()
    linked = 0
    for entry in await AuditEntry.filter(seq__isnull=True).order_by("id").limit(limit):
        fresh = entry_hash(entry, seq + 1, previous)
        won = await AuditEntry.filter(id=entry.id, seq__isnull=True).update(
            seq=seq + 1, previous_hash=previous, hash=fresh
        )
        if won:
            seq, previous, linked = seq + 1, fresh, linked + 1
    return linked


async def _head() -> tuple[int, str]:
    last = await AuditEntry.filter(seq__isnull=False).order_by("-seq").first()
    return (last.seq or 0, last.hash or START) if last else (0, START)


async def verify_chain() -> ChainReport:
    """Recompute the chain from its first link."""
    seq, previous, broken_at = 0, START, None
    async for entry in _linked():
        expected = entry_hash(entry, seq + 1, previous)
        if (entry.seq, entry.previous_hash, entry.hash) != (seq + 1, previous, expected):
            broken_at = seq + 1
            break
        seq, previous = seq + 1, expected
    return ChainReport(seq, await AuditEntry.filter(seq__isnull=True).count(), broken_at, previous)


async def _linked() -> AsyncIterator[AuditEntry]:
    after = 0
    while page := await AuditEntry.filter(seq__gt=after).order_by("seq").limit(_PAGE):
        for entry in page:
            yield entry
        after = page[-1].seq or 0
