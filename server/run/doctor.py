"""`zcgl doctor`: looks at every part of the set-up and says, for each fault, what it is and how to cure it."""

import asyncio
import importlib
import os
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from tortoise import connections
from tortoise.exceptions import BaseORMException

from config.settings import Settings
from server.businesses.fault import CatalogueFault
from server.gateways.object_store import open_store
from server.gateways.redis.connect import FAULTS, connect
from server.gateways.studio.fonts import RARE, SHIPPED
from server.materials.store import StoreDown
from server.messages.sms_texts import sms_templates
from server.messages.texts import message_texts
from server.run import valkey
from server.run.announcement import ask
from server.run.compose import open_database
from server.run.configuration import WrongSettings, load_settings
from server.run.preparation import DemoInProduction, refuse_demo_accounts
from server.run.schema import pending_migrations
from server.run.service import CannotStart, listening_socket, uses_simulator

Say = Callable[[str], None]
_ENOUGH_SPACE = 500 * 1024 * 1024  # bytes
_STORE_SECONDS = 15  # without keys, the provider's library looks for some for minutes


class Fault(Exception):
    """One thing that is wrong, and its cure, both in Chinese."""

    def __init__(self, problem: str, cure: str) -> None:
        self.problem, self.cure = problem, cure
        super().__init__(problem)


async def home_is_writable(chosen: Settings) -> None:
    try:
        probe = chosen.home / f".doctor-{os.getpid()}"
        chosen.home.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Fault(
            f"数据目录 {chosen.home} 不可写（{error.strerror}）", "修改目录权限，或用 ZCGL_HOME= 另选"
        ) from error
    if shutil.disk_usage(chosen.home).free < _ENOUGH_SPACE:
        raise Fault(f"数据目录 {chosen.home} 所在磁盘剩余不足 500 MB", "清理磁盘，或用 ZCGL_HOME= 另选")


async def ports_are_free(chosen: Settings) -> None:
    """Free, or taken by a service of ours that answers."""
    if (await ask(chosen, "/healthz/live"))[0] == 200:
        return
    for port in (chosen.port, chosen.port + 1) if uses_simulator(chosen) else (chosen.port,):
        try:
            listening_socket(chosen.host, port).close()
        except CannotStart as taken:
            raise Fault(str(taken), f"停止占用它的程序（ss -ltnp | grep {port}），或换一个 ZCGL_PORT") from taken


async def driver_is_the_tested_one(_: Settings) -> None:
    if importlib.import_module("tortoise.backends.mysql.client").mysql.__name__ != "aiomysql":
        raise Fault("装有 asyncmy，数据库会改用未经测试的驱动", "执行 .venv/bin/python -m pip uninstall asyncmy")


async def database_answers(chosen: Settings) -> None:
    try:
        async with open_database(chosen):
            await connections.get("default").execute_query("SELECT 1")
    except (BaseORMException, OSError, ValueError) as error:
        raise Fault(
            f"数据库无法连接（{type(error).__name__}）",
            "检查 ZCGL_DATABASE_URL（mysql://用户:密码@主机:3306/库名）、数据库是否启动、账号是否有权限",
        ) from error


async def migrations_are_applied(chosen: Settings) -> None:
    try:
        async with open_database(chosen):
            pending = await pending_migrations()
    except (BaseORMException, OSError, ValueError) as error:
        raise Fault("数据库无法连接，不能检查迁移", "先解决上面的数据库故障") from error
    if pending:
        raise Fault(
            f"数据库还缺 {len(pending)} 个迁移：{'、'.join(pending)}", "执行 zcgl migrate（make run 会自动执行）"
        )


async def no_demo_accounts_in_production(chosen: Settings) -> None:
    if not chosen.is_production:
        return
    try:
        await refuse_demo_accounts(chosen)
    except DemoInProduction as found:
        raise Fault(str(found), "在数据库中删除演示账号，或改用新的数据库") from found
    except (BaseORMException, OSError) as error:
        raise Fault("数据库无法查询，不能检查演示账号", "先解决上面的数据库故障") from error


async def redis_answers(chosen: Settings) -> None:
    """The bundled one is started by `zcgl run`: there is nothing to ask when it is not running.

    One that evicts would forget holds of places that are being sold (slots protocol).
    """
    if not chosen.redis_url.get_secret_value():
        try:
            valkey.binary()
        except valkey.ValkeyMissing as missing:
            raise Fault(
                str(missing), "重新安装依赖（rm .venv/runtime.stamp && make run），或设置 ZCGL_REDIS_URL"
            ) from missing
        return
    try:
        policies = await _eviction_policies(chosen.redis_address)
    except (*FAULTS, ValueError) as error:
        raise Fault(
            f"Redis 无法连接（{type(error).__name__}）",
            "检查 ZCGL_REDIS_URL（redis://主机:6379/0，集群为 redis+cluster://主机:6379,主机:6379）与 Redis 是否启动",
        ) from error
    if wrong := policies - {"noeviction"}:
        raise Fault(
            f"Redis 内存不足时会丢弃数据（maxmemory-policy 为 {'、'.join(sorted(wrong))}）",
            "在 Redis 执行 CONFIG SET maxmemory-policy noeviction，并写入它的配置文件",
        )


async def _eviction_policies(address: str) -> set[str]:
    """Of the one Redis, or of every node of a cluster."""
    async with connect(address, connections=2, seconds=3) as client:
        memory: Any = await client.info("memory")
    nodes = [memory] if "maxmemory_policy" in memory else memory.values()
    return {node["maxmemory_policy"] for node in nodes}


async def store_answers(chosen: Settings) -> None:
    try:
        async with asyncio.timeout(_STORE_SECONDS):
            await open_store(chosen.store_url, chosen.home, chosen.store_s3).ping()
    except (StoreDown, TimeoutError) as error:
        raise Fault(
            f"材料存放处不能写入（{type(error.__cause__ or error).__name__}）",
            "检查 ZCGL_STORE_URL（s3://桶）、ZCGL_STORE_S3__ENDPOINT 与密钥，桶是否已建立",
        ) from error


async def fonts_are_there(chosen: Settings) -> None:
    if not list(SHIPPED.glob("*.tt[cf]")):
        raise Fault("缺少打印用的中文字体", "重新安装依赖（rm .venv/runtime.stamp && make run）")
    if chosen.is_production and not RARE.is_dir():
        raise Fault("缺少生僻字的字体，这些字在打印的表格上是方框", "执行 apt-get install fonts-hanazono")


async def configuration_loads(_: Settings) -> None:
    """Businesses, message texts and rights: every file that `config/` holds."""
    for module, load in (
        ("server.businesses.catalogue", "catalogue"),
        ("server.messages.texts", "message_texts"),
        ("server.accounts.rights", "roles"),
    ):
        try:
            getattr(importlib.import_module(module), load)()
        except (CatalogueFault, ValueError, OSError) as error:
            raise Fault(f"配置文件有误：{error}", "按提示修改 config/ 下的文件") from error


async def templates_are_numbered(chosen: Settings) -> None:
    """A text whose template has no number at the provider goes by the next channel, or by none."""
    try:
        missing = [f"{setting} 缺 {'、'.join(keys)}" for setting, keys in _unnumbered(chosen).items() if keys]
    except (ValueError, OSError) as error:
        raise Fault("提醒文字无法读取，不能检查模板", "先解决上面的配置文件故障") from error
    if missing:
        raise Fault(
            "；".join(missing), "在公众平台或短信服务商处登记模板，把编号写进设置（zcgl sms-templates 列出短信）"
        )


def _unnumbered(chosen: Settings) -> dict[str, list[str]]:
    """Setting -> the keys of config/messages.yaml that it does not know, or knows by an empty text."""
    texts, wechat, sms = message_texts(), chosen.wechat, chosen.sms_tencent
    pages = {template.page for template in texts.subscribe_templates.values() if template.page}
    return {
        "ZCGL_WECHAT__TEMPLATES": _lacking(texts.templates, wechat.templates),
        "ZCGL_WECHAT__SUBSCRIBE_TEMPLATES": _lacking(texts.subscribe_templates, wechat.subscribe_templates),
        "ZCGL_WECHAT__MINI_PROGRAM_PAGES": _lacking(pages, wechat.mini_program_pages),
        "ZCGL_SMS_TENCENT__TEMPLATES": _lacking({t.key for t in sms_templates()}, sms.templates) if sms else [],
    }


def _lacking(keys: Iterable[str], given: Mapping[str, str]) -> list[str]:
    return sorted(key for key in keys if not given.get(key))


async def clock_is_right(chosen: Settings) -> None:
    if chosen.clock_offset_seconds:
        raise Fault(f"时钟被拨动了 {chosen.clock_offset_seconds:g} 秒", "不是在演练时，去掉 ZCGL_CLOCK_OFFSET_SECONDS")


async def host_resolves(chosen: Settings) -> None:
    try:
        socket.getaddrinfo(chosen.host, chosen.port)
    except OSError as error:
        raise Fault(f"监听地址 {chosen.host} 无效", "检查 ZCGL_HOST，例如 127.0.0.1 或 0.0.0.0") from error


CHECKS: tuple[tuple[str, Callable[[Settings], Awaitable[None]]], ...] = (
    ("数据目录", home_is_writable),
    ("监听地址", host_resolves),
    ("端口", ports_are_free),
    ("配置文件", configuration_loads),
    ("提醒模板", templates_are_numbered),
    ("数据库驱动", driver_is_the_tested_one),
    ("数据库", database_answers),
    ("数据库迁移", migrations_are_applied),
    ("演示账号", no_demo_accounts_in_production),
    ("Redis", redis_answers),
    ("材料存放", store_answers),
    ("中文字体", fonts_are_there),
    ("时钟", clock_is_right),
)


async def examine(say: Say) -> int:
    """Run every check; 0 when all is well, 1 when there was any fault."""
    try:
        chosen = load_settings()
    except WrongSettings as wrong:
        for fault in wrong.faults:
            say(f"✗ 设置：{fault}")
        return 1
    results = [await _examined(name, check, chosen, say) for name, check in CHECKS]
    say("一切正常" if all(results) else "请按上面的办法逐条处理后重试")
    return 0 if all(results) else 1


async def _examined(name: str, check: Callable[[Settings], Awaitable[None]], chosen: Settings, say: Say) -> bool:
    try:
        await check(chosen)
    except Fault as fault:
        say(f"✗ {name}：{fault.problem}\n    办法：{fault.cure}")
        return False
    say(f"✓ {name}")
    return True
