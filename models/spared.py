"""Loads tortoise without three things that it does meanwhile and nothing here uses: 110 ms of each process's start."""

import importlib.util
import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def load_tortoise() -> None:
    """Every model's source would be read for `#:` comments on its fields: ours carry none."""
    _load_when_used("anyio", "from_thread")  # for tortoise.run_async, which is for scripts
    with _put(inspect, "getsource", _no_source), _put(re, "compile", _compiled_when_used):
        tables: Any = importlib.import_module("tortoise.models")
    tables._get_comments = lambda _: {}


_compile = re.compile  # whatever uses its pattern while tortoise is loaded must get it compiled


class _Pattern:
    """A regular expression that is compiled when first asked for anything."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> Any:
        return getattr(_compile(*self._given), name)


def _compiled_when_used(pattern: Any, flags: int = 0) -> Any:
    """The pattern of the names of domains takes 27 ms: every letter of the world in either case."""
    return _Pattern(pattern, flags) if flags & re.IGNORECASE else _compile(pattern, flags)


def _no_source(object: Any) -> str:
    """As where only bytecode is installed, which tortoise takes for no comments."""
    raise OSError


def _load_when_used(package: str, part: str) -> None:
    name = f"{package}.{part}"
    if name in sys.modules or (spec := importlib.util.find_spec(name)) is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    setattr(sys.modules[package], part, module)
    spec.loader.exec_module(module)


@contextmanager
def _put(owner: Any, name: str, other: Any) -> Iterator[None]:
    former = getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, former)
