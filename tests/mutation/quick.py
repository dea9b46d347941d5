"""A pytest plugin of the mutated runs: tests that need no engine come first, properties are tried with few examples."""

import pytest
from hypothesis import settings

settings.register_profile("quick", max_examples=15, derandomize=True, database=None, deadline=None)
settings.load_profile("quick")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("engine") is not None)
