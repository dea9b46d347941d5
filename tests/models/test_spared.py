"""Tortoise as it is loaded here does what it always does; it only does it later, or not for nothing."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tortoise
from tortoise.exceptions import ValidationError
from tortoise.validators import validate_domain_name

import models


def test_no_model_carries_a_comment_that_nobody_would_read() -> None:
    """Tortoise takes `#:` above a field for the column's description; here it is not asked to look."""
    folder = Path(models.__file__).parent
    assert [path.name for path in folder.glob("*.py") if re.search(r"^\s*#:", path.read_text(), re.MULTILINE)] == []


def test_what_was_put_aside_is_in_its_place_again() -> None:
    assert inspect.getsource(models.spared.load_tortoise).startswith("def load_tortoise")
    assert isinstance(re.compile("a", re.IGNORECASE), re.Pattern)


def test_a_pattern_compiled_later_still_decides() -> None:
    validate_domain_name("例子.cn")

    with pytest.raises(ValidationError):
        validate_domain_name("no domain")


def test_a_module_loaded_later_is_there_when_used() -> None:
    assert callable(tortoise.from_thread.run)


def test_whoever_loads_the_tables_first_of_all_gets_them() -> None:
    """As a script would, that has loaded nothing of the standard library yet which compiles patterns of its own."""
    subprocess.run([sys.executable, "-c", "import models.accounts"], check=True)
