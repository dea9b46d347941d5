"""What a production start refuses: what is left empty, or is only for development. One Chinese message each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import Settings, TencentSmsSettings, WechatAppSettings


def faults_of(chosen: Settings) -> list[str]:
    """Names only, never a value: it may be a secret."""
    missing = [f"生产环境必须设置 {name}" for name, given in _required(chosen).items() if not given]
    return missing + [text for fault, text in _forbidden(chosen) if fault]


def _required(chosen: Settings) -> dict[str, object]:
    """Setting -> what was given. A database or a Redis is none of them: one machine may do with the bundled ones."""
    wechat, simulated = chosen.wechat, type(chosen.wechat)()
    return {
        "ZCGL_PUBLIC_URL": chosen.public_url,
        "ZCGL_SECRETS__ENCRYPTION_KEYS": chosen.secrets.encryption_keys,
        "ZCGL_SECRETS__INDEX_KEY": chosen.secrets.index_key,
        "ZCGL_SECRETS__PEPPER": chosen.secrets.pepper,
        "ZCGL_WECHAT__BASE_URL": wechat.base_url,
        **_of_app("OFFICIAL_ACCOUNT", wechat.official_account, simulated.official_account),
        **_of_app("MINI_PROGRAM", wechat.mini_program, simulated.mini_program),
        **(_of_sms(chosen.sms_tencent) if chosen.sms_tencent else {}),
    }


def _of_app(name: str, app: WechatAppSettings, simulated: WechatAppSettings) -> dict[str, object]:
    """What is the simulator's has not been set; messages in plain need no key."""
    fields = ["appid", "secret", "token", *(["encoding_aes_key"] if app.mode == "secure" else [])]
    own = {field: getattr(app, field) for field in fields if getattr(app, field) != getattr(simulated, field)}
    return {f"ZCGL_WECHAT__{name}__{field.upper()}": own.get(field) for field in fields}


def _of_sms(tencent: TencentSmsSettings) -> dict[str, object]:
    fields = ("secret_id", "secret_key", "sdk_app_id", "sign_name")
    return {f"ZCGL_SMS_TENCENT__{field.upper()}": getattr(tencent, field) for field in fields}


def _forbidden(chosen: Settings) -> list[tuple[bool, str]]:
    return [
        (chosen.clock_offset_seconds != 0, "生产环境不允许设置 ZCGL_CLOCK_OFFSET_SECONDS"),
        (chosen.switches != "", "生产环境不允许设置 ZCGL_SWITCHES"),
        (chosen.sms == "outbox", "生产环境不能使用本地短信箱（ZCGL_SMS=outbox）"),
    ]
