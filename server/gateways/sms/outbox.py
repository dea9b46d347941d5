"""The local SMS box of development: a JSON line a text in <home>/outbox/sms.jsonl, readable by its owner only."""

import asyncio
import fcntl
import json
import os
from pathlib import Path
from typing import IO

from server import clock
from server.messages.callbacks import Incoming
from server.messages.channels import Outcome, Outgoing, Sent


class OutboxSms:
    """Satisfies channels.Sender and receipts.ReceiptSource. A client_msg_id is written once, however often sent."""

    def __init__(self, home: Path) -> None:
        self._path = home / "outbox" / "sms.jsonl"
        self._read_to = 0
        self._seen: set[str] = set()

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Sent without a number: there is no receipt to wait for."""
        await asyncio.to_thread(self._write, outgoing)
        return Sent("")

    async def pull(self) -> list[Incoming]:
        """A text in the box has arrived."""
        return []

    def _write(self, outgoing: Outgoing) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # several processes and threads share the box
            self._catch_up(file)
            if outgoing.client_msg_id not in self._seen:
                file.write(_line(outgoing))

    def _catch_up(self, file: IO[bytes]) -> None:
        """Learn what was written since the last look. An emptied box is read anew."""
        if os.fstat(file.fileno()).st_size < self._read_to:
            self._read_to, self._seen = 0, set()
        file.seek(self._read_to)
        for line in file.read().splitlines():
            self._seen.add(json.loads(line)["id"])
        self._read_to = file.tell()


def _line(outgoing: Outgoing) -> bytes:
    at = clock.local_now().isoformat(timespec="seconds")
    body = {"id": outgoing.client_msg_id, "at": at, "to": outgoing.address, "text": outgoing.text}
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"
