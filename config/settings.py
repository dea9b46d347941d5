"""What an operator sets: environment variables `ZCGL_…` over one optional TOML file, typed and checked at start."""

import base64
import json
import os
import re
import secrets
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from config.production import faults_of


class SecretsSettings(BaseModel):
    """Base64 of 32 random bytes each. In development they are made once and kept in the data folder."""

    model_config = ConfigDict(extra="forbid")

    encryption_keys: dict[str, SecretStr] = Field(default_factory=dict)
    current_key: str = "k1"
    index_key: SecretStr = SecretStr("")
    pepper: SecretStr = SecretStr("")


WechatApp = Literal["official_account", "mini_program"]


class WechatAppSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    appid: str
    secret: SecretStr
    token: SecretStr = SecretStr("")
    encoding_aes_key: SecretStr = SecretStr("")
    mode: Literal["plain", "secure"] = "secure"

    @field_validator("encoding_aes_key")
    @classmethod
    def _as_wechat_makes_them(cls, key: SecretStr) -> SecretStr:
        if not re.fullmatch("([0-9A-Za-z+/]{43})?", key.get_secret_value()):
            raise ValueError("应为微信后台生成的 43 个字母或数字")
        return key


class WechatSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    base_url: AnyHttpUrl | None = None  # unset in development: the simulator on the port after ours
    official_account: WechatAppSettings = WechatAppSettings(
        appid="wx0000000000000201",
        secret=SecretStr("official-account-secret"),
        token=SecretStr("official-account-token"),
        encoding_aes_key=SecretStr("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
    )
    mini_program: WechatAppSettings = WechatAppSettings(
        appid="wx0000000000000202",
        secret=SecretStr("mini-program-secret"),
        token=SecretStr("mini-program-token"),
        encoding_aes_key=SecretStr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"),
    )
    # key of config/messages.yaml -> template id at WeChat: of the service account, and of the mini program
    templates: dict[str, str] = Field(
        default_factory=lambda: {"progress": "TEMPLATE-PROGRESS", "notice": "TEMPLATE-NOTICE"}
    )
    subscribe_templates: dict[str, str] = Field(
        default_factory=lambda: {"progress": "SUBSCRIBE-PROGRESS", "visit": "SUBSCRIBE-VISIT"}
    )
    mini_program_state: Literal["developer", "trial", "formal"] = "formal"
    mini_program_pages: dict[str, str] = Field(
        default_factory=lambda: {"bind": "pages/bind/index", "message": "pages/message/index"}
    )
    binding_qr: WechatApp = "official_account"  # the kind of QR on the settings page, where the client asks for none
    connections: int = Field(64, ge=1, le=1000)  # to WeChat, of one process
    sends_per_second: float = Field(100.0, gt=0)  # of one worker, over each WeChat channel
    callback_retry_seconds: float = 5.0


class TencentSmsSettings(BaseModel):
    """Tencent Cloud SMS (SendSms 2021-01-11). `templates`: key of a text (`zcgl sms-templates` lists them) -> its
    registered TemplateId."""

    model_config = ConfigDict(extra="forbid")

    base_url: AnyHttpUrl = AnyHttpUrl("https://sms.tencentcloudapi.com")
    secret_id: SecretStr
    secret_key: SecretStr
    sdk_app_id: str
    sign_name: str
    region: str = "ap-beijing"
    templates: dict[str, str] = Field(default_factory=dict)
    sends_per_second: float = Field(50.0, gt=0)


class S3Settings(BaseModel):
    """How an s3:// store is reached; what is left out comes from the provider's own AWS_… variables."""

    model_config = ConfigDict(extra="forbid")

    endpoint: AnyHttpUrl | None = None  # unset: Amazon's
    region: str = ""
    access_key_id: SecretStr = SecretStr("")
    secret_access_key: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _entered_whole(self) -> Self:
        """Half an entry would have the provider's library look for the other half, for minutes."""
        if bool(self.access_key_id.get_secret_value()) != bool(self.secret_access_key.get_secret_value()):
            raise ValueError("ACCESS_KEY_ID 与 SECRET_ACCESS_KEY 要么都设置，要么都不设置")
        return self


class Settings(BaseSettings):
    """Every option of the service; `zcgl doctor` explains each fault. Nested ones: ZCGL_WECHAT__BASE_URL."""

    model_config = SettingsConfigDict(
        env_prefix="ZCGL_", env_nested_delimiter="__", extra="forbid", hide_input_in_errors=True
    )

    environment: Literal["development", "production", "test"] = "development"
    home: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    public_url: AnyHttpUrl | None = None  # how people reach us; unset: http://host:port
    web_processes: int = Field(2, ge=1, le=64)
    # unset: SQLite in home; mysql://user:password@host:3306/name; of a Galera cluster all nodes: @host:3306,host:3306/
    database_url: SecretStr = SecretStr("")
    database_pool: int = Field(20, ge=2, le=200)
    # unset: the bundled Valkey on a socket in home; redis://host:6379/0; redis+cluster://host:6379,host:6379
    redis_url: SecretStr = SecretStr("")
    redis_prefix: str = Field("zcgl", pattern=r"^[a-z0-9_-]{1,32}$")
    store_url: str = ""  # unset: a folder in home; s3://bucket
    store_s3: S3Settings = S3Settings()
    secrets: SecretsSettings = SecretsSettings()
    wechat: WechatSettings = WechatSettings()
    sms: Literal["outbox", "tencent"] = "outbox"
    sms_tencent: TencentSmsSettings | None = None
    quiet_hours: bool = True  # what can wait is not sent at night; the hours are in config/messages.yaml
    login_idle_minutes: int = Field(30, ge=1)
    login_hours: int = Field(12, ge=1)
    request_seconds: float = Field(10.0, gt=0)  # how long the door waits for an answer
    shutdown_seconds: float = Field(10.0, gt=0)  # how long a stopping process lets requests finish
    proxies: int = Field(0, ge=0, le=5)  # trusted reverse proxies in front of us
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    clock_offset_seconds: float = 0.0  # tests and rehearsals; refused in production
    switches: str = ""  # test-only switches and failpoints; refused in production

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = Path(os.environ.get("ZCGL_CONFIG", "zcgl.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @model_validator(mode="after")
    def _sms_is_set_up(self) -> Self:
        if self.sms == "tencent" and self.sms_tencent is None:
            names = "secret_id、secret_key、sdk_app_id、sign_name"
            raise ValueError(f"ZCGL_SMS=tencent 时必须设置 ZCGL_SMS_TENCENT__…（{names}）")
        return self

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.is_production and (faults := faults_of(self)):
            raise ValueError("；".join(faults))
        return self

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def base_url(self) -> str:
        return str(self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def simulator_url(self) -> str:
        return f"http://{self.host}:{self.port + 1}"

    @property
    def wechat_url(self) -> str:
        return str(self.wechat.base_url or self.simulator_url).rstrip("/")

    @property
    def redis_address(self) -> str:
        return self.redis_url.get_secret_value() or f"unix://{self.home / 'run' / 'valkey.sock'}"

    def secret_keys(self) -> dict[str, Any]:
        """{"keys": {id: bytes}, "current", "index_key", "pepper"}; development keys are made on first use."""
        given = self.secrets
        if not given.encryption_keys:
            given = SecretsSettings.model_validate(_development_secrets(self.home / "secrets.json"))
        return {
            "keys": {name: _decoded(key) for name, key in given.encryption_keys.items()},
            "current": given.current_key,
            "index_key": _decoded(given.index_key),
            "pepper": _decoded(given.pepper),
        }


def _decoded(key: SecretStr) -> bytes:
    """Raises binascii.Error: a character that is none of base64 would else be passed over, and a part of the key."""
    return base64.b64decode(key.get_secret_value(), validate=True)


def _development_secrets(path: Path) -> dict[str, Any]:
    """Made by whichever process comes first (exclusive create), read by all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = [base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(3)]
    body = {"encryption_keys": {"k1": fresh[0]}, "index_key": fresh[1], "pepper": fresh[2]}
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(body))
    temporary.chmod(0o600)
    try:
        os.link(temporary, path)
    except FileExistsError:
        body = json.loads(path.read_text())
    finally:
        temporary.unlink()
    return body


@cache
def settings() -> Settings:
    """The process's settings. Raises pydantic.ValidationError with a message per wrong value."""
    return Settings()
