"""A wrong catalogue file: stops the start, naming the file and the key."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

_MEANINGS = {
    "extra_forbidden": "不认识的键",
    "missing": "缺少这一项",
    "string_type": "应为文字（yes/no、数字和日期要加引号）",
}


class CatalogueFault(Exception):
    def __init__(self, file: str, key: str, message: str) -> None:
        self.file, self.key, self.message = file, key, message
        super().__init__(f"{file}: {key}: {message}" if key else f"{file}: {message}")


def fault_of(file: str, data: object, error: ValidationError) -> CatalogueFault:
    """The first fault that pydantic found, list positions replaced by the items' own keys."""
    first = error.errors()[0]
    message = _MEANINGS.get(first["type"], first["msg"].removeprefix("Value error, "))
    return CatalogueFault(file, _path(data, first["loc"]), message)


def _path(data: Any, location: Sequence[str | int]) -> str:
    words = []
    for part in location:
        inside = _inside(data, part)
        words.append(str(inside["key"]) if isinstance(inside, dict) and "key" in inside else str(part))
        data = inside
    return ".".join(words)


def _inside(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None
