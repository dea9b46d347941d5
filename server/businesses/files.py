"""Reading one YAML file strictly: mappings only, no key twice, faults that name the file."""

from pathlib import Path
from typing import Any

import yaml

from server.businesses.fault import CatalogueFault

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it


class _Loader(_Base):  # type: ignore[misc] # the base depends on how PyYAML was built
    """Plain YAML would keep the last of two equal keys and drop the first in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"重复的键 {key}", node.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found


def read_yaml(path: Path) -> dict[str, Any]:
    """Raises CatalogueFault."""
    try:
        data = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - derived from the safe loader
    except yaml.YAMLError as error:
        raise CatalogueFault(path.name, _position(error), getattr(error, "problem", None) or str(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueFault(path.name, "", f"读不了: {error}") from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise CatalogueFault(path.name, "", "应为“键: 值”的形式（yes/no 作键要加引号）")
    return data


def _position(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"第 {mark.line + 1} 行" if mark else ""
