"""Reads the settings once and says in plain words what is wrong with them."""

import binascii
import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from config.settings import Settings, settings
from server import failpoints

_OTHER_VARIABLES = {"ZCGL_CONFIG", "ZCGL_LISTEN_FD"}  # ours, but not options
_SECRET = ("secret", "url", "key", "token", "pepper")

_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda _: "必须设置",
    "extra_forbidden": lambda _: "没有这个选项",
    "int_parsing": lambda _: "应为整数",
    "int_type": lambda _: "应为整数",
    "float_parsing": lambda _: "应为数字",
    "bool_parsing": lambda _: "应为 true 或 false",
    "url_parsing": lambda _: "应为完整的网址，例如 https://example.cn",
    "url_scheme": lambda _: "网址应以 http:// 或 https:// 开头",
    "greater_than_equal": lambda context: f"不能小于 {context['ge']}",
    "less_than_equal": lambda context: f"不能大于 {context['le']}",
    "literal_error": lambda context: f"只能是 {context['expected']}",
    "string_pattern_mismatch": lambda context: f"应符合 {context['pattern']}",
    "value_error": lambda context: str(context["error"]),
}


class WrongSettings(Exception):
    """The service cannot start as configured. `faults`: one line each, in Chinese."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


def load_settings() -> Settings:
    """The process's settings. Raises WrongSettings."""
    if faults := _unknown_variables():
        raise WrongSettings(faults)
    try:
        chosen = settings()
        _check_pages(chosen.wechat.mini_program_pages)
        _check_keys(chosen.secret_keys())
        failpoints.parse(chosen)
    except ValidationError as error:
        raise WrongSettings([_explain(fault) for fault in error.errors(include_url=False)]) from error
    except SettingsError as error:
        raise WrongSettings([f'{error}：这一项应写成 JSON，例如 {{"k1": "…"}}']) from error
    except tomllib.TOMLDecodeError as error:
        raise WrongSettings([f"{os.environ.get('ZCGL_CONFIG', 'zcgl.toml')}：不是有效的 TOML（{error}）"]) from error
    except binascii.Error as error:
        raise WrongSettings(["ZCGL_SECRETS：密钥应为 32 字节的 base64（head -c 32 /dev/urandom | base64）"]) from error
    except failpoints.UnknownSwitch as error:
        raise WrongSettings([f"ZCGL_SWITCHES：没有这个开关或动作 {error}"]) from error
    except OSError as error:
        raise WrongSettings([f"数据目录不可写：{error}。请修改 ZCGL_HOME 或目录权限"]) from error
    return chosen


def _unknown_variables() -> list[str]:
    """pydantic-settings passes over a misspelt variable in silence; an operator would wonder for hours."""
    known = {f"ZCGL_{name.upper()}" for name in Settings.model_fields} | _OTHER_VARIABLES
    faults = []
    for name in sorted(os.environ):
        if name.startswith("ZCGL_") and name.split("__", 1)[0] not in known:
            close = difflib.get_close_matches(name, known, n=1)
            faults.append(f"{name}：没有这个选项" + (f"，是否想写 {close[0]}？" if close else ""))
    return faults


def _explain(fault: Any) -> str:
    if not fault["loc"]:
        return str(fault["ctx"]["error"]) if "error" in fault.get("ctx", {}) else str(fault["msg"])
    name = "ZCGL_" + "__".join(str(part) for part in fault["loc"]).upper()
    explain = _WORDS.get(fault["type"])
    words = explain(fault.get("ctx", {})) if explain else str(fault["msg"])
    return f"{name}：{words}{_shown(name, fault['input'])}"


def _shown(name: str, value: object) -> str:
    """What was given, when it was given as one text and is no secret: a group of values may hold one."""
    if not isinstance(value, str) or any(part in name.lower() for part in _SECRET):
        return ""
    return f"（现在是 {value!r}）"


def _check_pages(pages: Mapping[str, str]) -> None:
    if "bind" not in pages:
        raise WrongSettings(["ZCGL_WECHAT__MINI_PROGRAM_PAGES：必须有 bind，它是扫小程序码后打开的页面"])


def _check_keys(keys: dict[str, Any]) -> None:
    wrong = [f"ENCRYPTION_KEYS 的 {name}" for name, key in keys["keys"].items() if len(key) != 32]
    wrong += [name for name in ("INDEX_KEY", "PEPPER") if len(keys[name.lower()]) < 32]
    faults = [f"ZCGL_SECRETS__{name}：应为 32 字节的 base64" for name in wrong]
    if keys["current"] not in keys["keys"]:
        faults.append(f"ZCGL_SECRETS__CURRENT_KEY：没有名为 {keys['current']} 的密钥")
    if faults:
        raise WrongSettings(faults)
