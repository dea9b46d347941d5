"""Reading YAML strictly: no key twice, faults that name the place. The parser is loaded with the first file."""

from pathlib import Path
from typing import Any

from server.businesses.fault import CatalogueFault


class Unreadable(ValueError):
    """No YAML, or a key given twice; `place` is the line, where it is known."""

    def __init__(self, place: str, problem: str) -> None:
        self.place, self.problem = place, problem
        super().__init__(f"{place} {problem}".strip())


def parse_yaml(text: str) -> Any:
    """Raises Unreadable."""
    from server.businesses.strict_yaml import parse  # noqa: PLC0415 - a process starts without having read any file

    return parse(text)


def read_yaml(path: Path) -> dict[str, Any]:
    """A file that is a mapping. Raises CatalogueFault."""
    try:
        data = parse_yaml(path.read_text("utf-8"))
    except Unreadable as error:
        raise CatalogueFault(path.name, error.place, error.problem) from error
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueFault(path.name, "", f"读不了: {error}") from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise CatalogueFault(path.name, "", "应为“键: 值”的形式（yes/no 作键要加引号）")
    return data
