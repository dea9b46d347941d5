"""A process and its descendants, as Linux tells of them."""

from collections.abc import Iterator
from pathlib import Path


def family_of(pid: int) -> dict[int, str]:
    """The process, its children and theirs: pid and command."""
    return {member: command_of(member) for member in _members(pid)}


def command_of(pid: int) -> str:
    """Empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _members(pid: int) -> Iterator[int]:
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        yield member
        try:
            waiting += [int(child) for child in Path(f"/proc/{member}/task/{member}/children").read_text().split()]
        except OSError:
            continue  # it died just now
