"""The command line as an operator meets it: a wrong setting stops the start and says which, and why."""

import base64
import os
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.settings import Settings, settings
from server.run.cli import main
from server.run.preparation import DemoInProduction, prepare
from tests.engines.servers import python


@dataclass
class Operator:
    """Types `zcgl …` with the settings of a newcomer: nothing but ZCGL_HOME and what is given."""

    home: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def zcgl(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """Exit code, what it said, what it complained of."""
        with self.monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("ZCGL_")]:
                patch.delenv(name)
            for name, value in (self.base() | variables).items():
                patch.setenv(name, value)
            settings.cache_clear()
            with pytest.raises(SystemExit) as end:
                main(list(arguments))
        settings.cache_clear()
        said = self.capsys.readouterr()
        return int(str(end.value.code)), said.out, said.err

    def base(self) -> dict[str, str]:
        return {"ZCGL_HOME": str(self.home), "ZCGL_CONFIG": str(self.home / "none.toml")}


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("variable", "value", "explanation"),
    [
        ("ZCGL_PORT", "eighty", "ZCGL_PORT：应为整数（现在是 'eighty'）"),
        ("ZCGL_PORT", "0", "ZCGL_PORT：不能小于 1（现在是 '0'）"),
        ("ZCGL_WEB_PROCESSES", "65", "ZCGL_WEB_PROCESSES：不能大于 64（现在是 '65'）"),
        ("ZCGL_ENVIRONMENT", "prod", "ZCGL_ENVIRONMENT：只能是 'development', 'production' or 'test'"),
        ("ZCGL_WECHAT__BASE_URL", "weixin", "ZCGL_WECHAT__BASE_URL：应为完整的网址"),
        ("ZCGL_WECHAT__NO_SUCH", "1", "ZCGL_WECHAT__NO_SUCH：没有这个选项"),
        ("ZCGL_WEB_PROCESES", "4", "ZCGL_WEB_PROCESES：没有这个选项，是否想写 ZCGL_WEB_PROCESSES？"),
        ("ZCGL_SECRETS__ENCRYPTION_KEYS", "not json", "这一项应写成 JSON"),
        ("ZCGL_REDIS_PREFIX", "A b", "ZCGL_REDIS_PREFIX：应符合"),
        ("ZCGL_WECHAT__MINI_PROGRAM_PAGES", '{"message": "pages/m"}', "MINI_PROGRAM_PAGES：必须有 bind"),
        (
            "ZCGL_WECHAT__MINI_PROGRAM",
            '{"appid": "wx1", "secret": "s", "encoding_aes_key": "hush"}',
            "ZCGL_WECHAT__MINI_PROGRAM__ENCODING_AES_KEY：应为微信后台生成的 43 个字母或数字\n",
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "migrate"])
def test_a_wrong_value_stops_the_start_and_is_named(
    operator: Operator, command: str, variable: str, value: str, explanation: str
) -> None:
    code, _, complaint = operator.zcgl(command, **{variable: value})

    assert code == 2
    assert explanation in complaint
    assert list(operator.home.iterdir()) == []


def test_every_wrong_value_is_named_at_once(operator: Operator) -> None:
    _, _, complaint = operator.zcgl("run", ZCGL_PORT="x", ZCGL_SMS="pigeon")

    assert "ZCGL_PORT" in complaint
    assert "ZCGL_SMS" in complaint


def test_a_wrong_secret_is_named_and_not_shown(operator: Operator) -> None:
    code, _, complaint = operator.zcgl(
        "run", ZCGL_WECHAT__OFFICIAL_ACCOUNT__SECRET="hush", ZCGL_REDIS_URL="hush-too", ZCGL_PORT="x"
    )

    assert code == 2
    assert "ZCGL_WECHAT__OFFICIAL_ACCOUNT__APPID：必须设置" in complaint
    assert "hush" not in complaint


@pytest.mark.parametrize("key", ["c2hvcnQ=", "not base64!"])
def test_a_key_of_the_wrong_size_stops_the_start(operator: Operator, key: str) -> None:
    good = base64.b64encode(b"1" * 32).decode()
    keys = {"ZCGL_SECRETS__INDEX_KEY": key, "ZCGL_SECRETS__PEPPER": good}

    code, _, complaint = operator.zcgl("migrate", ZCGL_SECRETS__ENCRYPTION_KEYS=f'{{"k1": "{good}"}}', **keys)

    assert code == 2
    assert "32 字节的 base64" in complaint


def test_a_broken_file_of_settings_is_named(operator: Operator) -> None:
    file = operator.home / "zcgl.toml"
    file.write_text("port = ")

    code, _, complaint = operator.zcgl("run", ZCGL_CONFIG=str(file))

    assert code == 2
    assert f"{file}：不是有效的 TOML" in complaint


def test_production_refuses_what_is_only_for_development(operator: Operator) -> None:
    code, _, complaint = operator.zcgl(
        "run", ZCGL_ENVIRONMENT="production", ZCGL_SWITCHES="slow", ZCGL_CLOCK_OFFSET_SECONDS="9"
    )

    assert code == 2
    for name in ("ENCRYPTION_KEYS", "CLOCK_OFFSET_SECONDS", "SWITCHES", "ZCGL_SMS", "WECHAT__BASE_URL"):
        assert name in complaint


def test_migrating_and_seeding_twice_changes_nothing(operator: Operator) -> None:
    file = operator.home / "zcgl.sqlite3"
    assert operator.zcgl("migrate")[1].startswith("数据库已升级：0001_initial")
    assert operator.zcgl("migrate")[1] == "数据库已是最新\n"

    operator.zcgl("seed")
    seeded = dump(file)
    assert operator.zcgl("seed")[1] == "演示数据已就绪\n"
    assert dump(file) == seeded
    assert any("测试单位201" in line for line in seeded)


def dump(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return list(database.iterdump())


def test_models_have_not_run_ahead_of_the_migrations(operator: Operator) -> None:
    assert operator.zcgl("migrate", "--check") == (0, "", "")


def test_the_texts_to_register_with_an_sms_provider_are_listed(operator: Operator) -> None:
    code, said, _ = operator.zcgl("sms-templates")

    assert code == 0
    assert "done.contact.1\t【进度提醒】您提交的注册会计师[{1}][{2}]业务已办理完成。\n" in said


def test_a_wrong_setting_shows_no_traceback(operator: Operator) -> None:
    """As typed in a shell."""
    ended = subprocess.run(
        python("-m", "server.run.cli", "run"),
        env=os.environ | operator.base() | {"ZCGL_PORT": "x"},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 2
    assert ended.stderr == "设置有误，没有启动：\n  ZCGL_PORT：应为整数（现在是 'x'）\n"


async def test_production_does_not_start_on_demo_data(tmp_path: Path) -> None:
    development = Settings(environment="development", home=tmp_path)
    await prepare(development)

    production = development.model_copy(update={"environment": "production"})
    with pytest.raises(DemoInProduction, match="201、202、203、110005"):
        await prepare(production)


async def test_production_is_given_no_demo_data(tmp_path: Path) -> None:
    production = Settings(environment="development", home=tmp_path).model_copy(update={"environment": "production"})

    await prepare(production)

    assert not any("测试单位" in line for line in dump(tmp_path / "zcgl.sqlite3"))
