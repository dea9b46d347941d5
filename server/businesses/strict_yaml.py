"""The parser of YAML behind server.businesses.files."""

from typing import Any

import yaml

from server.businesses.files import Unreadable

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


def parse(text: str) -> Any:
    """Raises Unreadable."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - derived from the safe loader
    except yaml.YAMLError as error:
        raise Unreadable(_place(error), getattr(error, "problem", None) or str(error)) from error


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"第 {mark.line + 1} 行" if mark else ""
