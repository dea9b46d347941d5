"""The settings file that operators start from names options that there are, and is complete once it is filled in."""

import base64
import json
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


@pytest.fixture
def filled(lines: dict[str, str]) -> dict[str, str]:
    """With something in every place that is left to the operator."""
    taken = {name: value.replace('key":""', f'key":"{"k" * 43}"') for name, value in lines.items()}
    taken = {name: value.replace('""', '"filled"') or KEY for name, value in taken.items()}
    return taken | {"ZCGL_SECRETS__ENCRYPTION_KEYS": f'{{"k1":"{KEY}"}}'}


def test_filled_in_it_is_taken(filled: dict[str, str], tmp_path: Path) -> None:
    load(filled, tmp_path)


def test_a_wechat_app_in_plain_mode_needs_no_key(filled: dict[str, str], tmp_path: Path) -> None:
    load(filled | {"ZCGL_WECHAT__MINI_PROGRAM": an_app("encoding_aes_key", mode="plain")}, tmp_path)


def an_app(left_empty: str, **more: str) -> str:
    whole = {"appid": "wx1", "secret": "hush", "token": "hush", "encoding_aes_key": "h" * 43}
    return json.dumps(whole | more | {left_empty: ""})


def a_key(size: int) -> str:
    return base64.b64encode(b"k" * size).decode()


APPS = ("ZCGL_WECHAT__OFFICIAL_ACCOUNT", "ZCGL_WECHAT__MINI_PROGRAM")
ABSENT = ("ZCGL_PUBLIC_URL", "ZCGL_WECHAT__BASE_URL", "ZCGL_SECRETS__ENCRYPTION_KEYS", *APPS)
EMPTY = [f"ZCGL_SECRETS__{key}" for key in ("INDEX_KEY", "PEPPER")] + [
    f"ZCGL_SMS_TENCENT__{field}" for field in ("SECRET_ID", "SECRET_KEY", "SDK_APP_ID", "SIGN_NAME")
]
WRONG = [
    ("ZCGL_SECRETS__ENCRYPTION_KEYS", "{}", "ZCGL_SECRETS__ENCRYPTION_KEYS"),
    ("ZCGL_SECRETS__ENCRYPTION_KEYS", '{"k1":""}', "ZCGL_SECRETS__ENCRYPTION_KEYS 的 k1：应为 32 字节的 base64"),
    ("ZCGL_SECRETS__ENCRYPTION_KEYS", f'{{"k1":"{a_key(33)}"}}', "ENCRYPTION_KEYS 的 k1：应为 32 字节的 base64"),
    ("ZCGL_SECRETS__CURRENT_KEY", "k2", "ZCGL_SECRETS__CURRENT_KEY：没有名为 k2 的密钥"),
    ("ZCGL_SECRETS__INDEX_KEY", a_key(31), "ZCGL_SECRETS__INDEX_KEY：应为 32 字节的 base64"),
    ("ZCGL_SECRETS__PEPPER", a_key(31), "ZCGL_SECRETS__PEPPER：应为 32 字节的 base64"),
    ("ZCGL_SECRETS__PEPPER", f"{KEY[:20]}!{KEY[20:]}", "ZCGL_SECRETS：密钥应为 32 字节的 base64"),
    *((app, an_app(field), f"{app}__{field.upper()}") for app in APPS for field in json.loads(an_app("appid"))),
]


@pytest.mark.parametrize(
    ("name", "value", "explanation"),
    [*((name, None, name) for name in ABSENT), *((name, "", f"生产环境必须设置 {name}") for name in EMPTY), *WRONG],
)
def test_what_production_cannot_do_without_is_named_and_no_secret_shown(
    filled: dict[str, str], tmp_path: Path, name: str, value: str | None, explanation: str
) -> None:
    changed = {key: given for key, given in (filled | {name: value}).items() if given is not None}

    with pytest.raises(WrongSettings) as refused:
        load(changed, tmp_path)

    assert explanation in str(refused.value)
    assert not [secret for secret in ("hush", KEY, value or KEY) if len(secret) > 2 and secret in str(refused.value)]


def test_one_machine_may_do_with_the_bundled_database_and_redis(filled: dict[str, str], tmp_path: Path) -> None:
    load(
        {name: value for name, value in filled.items() if name not in {"ZCGL_DATABASE_URL", "ZCGL_REDIS_URL"}}, tmp_path
    )
