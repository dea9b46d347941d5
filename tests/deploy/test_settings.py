"""The settings file that operators start from names options that there are, and is complete once it is filled in."""

import base64
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.run.configuration import WrongSettings, load_settings
from tests.engines.engine import use_environment

EXAMPLE = Path(__file__).parents[2] / "deploy" / "zcgl.env.example"
KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def lines() -> dict[str, str]:
    """As systemd and a shell read them."""
    pairs = [line.partition("=") for line in EXAMPLE.read_text().splitlines() if line and not line.startswith("#")]
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = {name: value for name, value in os.environ.items() if name.startswith("ZCGL_")}
    yield
    use_environment(before)


def load(lines: dict[str, str], home: Path) -> None:
    use_environment(lines | {"ZCGL_HOME": str(home), "ZCGL_CONFIG": str(home / "none.toml")})
    load_settings()


def test_as_it_stands_it_is_refused_for_what_is_left_empty(lines: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(WrongSettings):
        load(lines, tmp_path)


def test_filled_in_it_is_taken(lines: dict[str, str], tmp_path: Path) -> None:
    filled = {name: value.replace('key":""', f'key":"{"k" * 43}"') for name, value in lines.items()}
    filled = {name: value.replace('""', '"filled"') or KEY for name, value in filled.items()}
    filled["ZCGL_SECRETS__ENCRYPTION_KEYS"] = f'{{"k1":"{KEY}"}}'

    load(filled, tmp_path)
