"""The doctor: each fault of a set-up is found, explained, and comes with its cure."""

import importlib
import socket
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis

from config.settings import S3Settings, Settings, TencentSmsSettings
from server.run import doctor
from server.run.compose import WrongDriver, open_database
from server.run.doctor import CHECKS, Fault
from server.run.preparation import prepare
from tests.engines.servers import RedisServer, free_ports


@pytest.fixture
def healthy(tmp_path: Path) -> Settings:
    return Settings(environment="development", home=tmp_path / "home", port=free_ports(2))


async def fault_of(check: str, chosen: Settings) -> str:
    """What that check complains of; empty when all is well."""
    try:
        await dict(CHECKS)[check](chosen)
    except Fault as fault:
        return fault.problem if fault.cure else "no cure"
    return ""


@pytest.fixture
async def prepared(healthy: Settings) -> Settings:
    await prepare(healthy)
    return healthy


@pytest.mark.parametrize("check", [name for name, _ in CHECKS])
async def test_a_good_set_up_passes_every_check(prepared: Settings, check: str) -> None:
    assert await fault_of(check, prepared) == ""


async def test_a_home_that_cannot_be_written(healthy: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    complaint = await fault_of("数据目录", healthy.model_copy(update={"home": tmp_path / "file" / "home"}))

    assert "不可写" in complaint


@pytest.mark.parametrize("after", [0, 1])
async def test_a_port_that_somebody_has(healthy: Settings, after: int) -> None:
    """Ours, or the simulator's, which is the next."""
    with socket.create_server((healthy.host, healthy.port + after)):
        assert f"端口 {healthy.port + after} 无法使用：已被占用" in await fault_of("端口", healthy)


async def test_an_address_that_is_not_ours(healthy: Settings) -> None:
    assert "无效" in await fault_of("监听地址", healthy.model_copy(update={"host": "no such host"}))


async def test_a_database_that_is_not_there(healthy: Settings) -> None:
    away = Settings(environment="development", home=healthy.home, database_url="mysql://u:p@127.0.0.1:1/zcgl")

    assert await fault_of("数据库", away) == "数据库无法连接（DBConnectionError）"
    assert "不能检查迁移" in await fault_of("数据库迁移", away)


async def test_a_database_without_its_migrations(healthy: Settings) -> None:
    assert "0001_initial" in await fault_of("数据库迁移", healthy)


async def test_a_redis_that_is_not_there(healthy: Settings) -> None:
    away = Settings(environment="development", home=healthy.home, redis_url="redis://127.0.0.1:1/0")

    assert await fault_of("Redis", away) == "Redis 无法连接（ConnectionError）"


async def test_a_redis_that_may_forget(healthy: Settings, own_redis: RedisServer) -> None:
    chosen = Settings(environment="development", home=healthy.home, redis_url=own_redis.url)
    assert await fault_of("Redis", chosen) == ""

    async with Redis.from_url(own_redis.url) as client:
        await client.config_set("maxmemory-policy", "allkeys-lru")

    assert "maxmemory-policy 为 allkeys-lru" in await fault_of("Redis", chosen)


async def test_a_store_that_is_not_there(healthy: Settings) -> None:
    named = {"endpoint": "http://127.0.0.1:1", "region": "x", "access_key_id": "x", "secret_access_key": "x"}
    nowhere = S3Settings.model_validate(named)
    chosen = healthy.model_copy(update={"store_url": "s3://papers", "store_s3": nowhere})

    assert "材料存放处不能写入" in await fault_of("材料存放", chosen)


def test_half_an_entry_to_the_store_is_refused_at_once() -> None:
    with pytest.raises(ValidationError, match="要么都设置，要么都不设置"):
        S3Settings.model_validate({"access_key_id": "x"})


async def test_a_template_without_its_number(healthy: Settings) -> None:
    wechat = healthy.wechat.model_copy(update={"subscribe_templates": {"progress": "T1"}, "mini_program_pages": {}})

    fault = await fault_of("提醒模板", healthy.model_copy(update={"wechat": wechat}))

    assert fault == "ZCGL_WECHAT__SUBSCRIBE_TEMPLATES 缺 visit；ZCGL_WECHAT__MINI_PROGRAM_PAGES 缺 message"


async def test_a_template_whose_number_was_left_empty(healthy: Settings) -> None:
    """As deploy/zcgl.env.example leaves them."""
    empty = {"templates": {"progress": "T1", "notice": ""}, "mini_program_pages": {"bind": "pages/b", "message": ""}}

    fault = await fault_of("提醒模板", healthy.model_copy(update={"wechat": healthy.wechat.model_copy(update=empty)}))

    assert fault == "ZCGL_WECHAT__TEMPLATES 缺 notice；ZCGL_WECHAT__MINI_PROGRAM_PAGES 缺 message"


async def test_an_sms_text_that_the_provider_does_not_know(healthy: Settings) -> None:
    tencent = TencentSmsSettings(secret_id="id", secret_key="key", sdk_app_id="1400000000", sign_name="北京注协")

    fault = await fault_of("提醒模板", healthy.model_copy(update={"sms_tencent": tencent}))

    assert fault.startswith("ZCGL_SMS_TENCENT__TEMPLATES 缺 ")
    assert "booked.person.1" in fault


async def test_a_clock_that_was_moved(healthy: Settings) -> None:
    assert await fault_of("时钟", healthy.model_copy(update={"clock_offset_seconds": 3600.0})) == "时钟被拨动了 3600 秒"


async def test_demo_accounts_in_production(prepared: Settings) -> None:
    assert "201" in await fault_of("演示账号", prepared.model_copy(update={"environment": "production"}))


async def test_rare_characters_without_a_font_are_a_fault_in_production_only(
    healthy: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "RARE", tmp_path / "nowhere")

    assert await fault_of("中文字体", healthy) == ""
    assert "生僻字" in await fault_of("中文字体", healthy.model_copy(update={"environment": "production"}))


async def test_a_driver_that_nobody_tested(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is when asyncmy was installed: tortoise takes that one."""
    client = importlib.import_module("tortoise.backends.mysql.client")
    monkeypatch.setattr(client, "mysql", type(sys)("asyncmy"))

    assert "asyncmy" in await fault_of("数据库驱动", healthy)


async def test_a_driver_that_nobody_tested_stops_the_start(
    healthy: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "asyncmy.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(WrongDriver):
        async with open_database(healthy):
            pass


async def test_examining_tells_everything_and_ends_in_one_word(prepared: Settings) -> None:
    said: list[str] = []
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(doctor, "load_settings", lambda: prepared)
        assert await doctor.examine(said.append) == 0

    assert said == [f"✓ {name}" for name, _ in CHECKS] + ["一切正常"]


async def test_one_fault_is_enough_for_exit_1(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(doctor, "load_settings", lambda: healthy)

    assert await doctor.examine(said.append) == 1

    faults = [line for line in said if line.startswith("✗")]
    assert len(faults) == 1
    assert "办法：执行 zcgl migrate" in faults[0]
