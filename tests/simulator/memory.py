"""The phones outlive a restart of the simulator, as real ones would: kept in one small JSON file."""

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.simulator.phones import KEPT_MESSAGES, Message, Phone
from tests.simulator.platform import Platform

SECONDS = 1.0


def load(platform: Platform, path: Path) -> None:
    """Take up what was kept; a file that cannot be read is as good as none."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        platform.take_up([_phone(kept) for kept in json.loads(path.read_text())])


def save(platform: Platform, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(_text(platform))
    temporary.replace(path)


async def keep_saving(platform: Platform, path: Path, stopped: asyncio.Event) -> None:
    """Save whenever something changed, until `stopped`, and then once more."""
    written = ""
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), SECONDS)
        if _text(platform) != written:
            written = _text(platform)
            save(platform, path)
        if stopped.is_set():
            return


def _text(platform: Platform) -> str:
    phones = [_kept(phone) for phone in platform.people]
    return json.dumps(phones, ensure_ascii=False)


def _kept(phone: Phone) -> dict[str, Any]:
    messages = [asdict(message) for message in phone.messages[-KEPT_MESSAGES:]]
    return {**asdict(phone), "muted": sorted(phone.muted), "messages": messages}


def _phone(kept: dict[str, Any]) -> Phone:
    messages = [Message(**message) for message in kept["messages"]]
    return Phone(**{**kept, "muted": set(kept["muted"]), "messages": messages})
