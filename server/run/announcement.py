"""Says, once the service is ready, where it is and who may log in."""

import asyncio
import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

from config.settings import Settings

Say = Callable[[str], None]
_SLOW = 30.0  # seconds after which the waiting operator is told what is missing

DEMO_LOGINS = (
    ("会计师事务所", "201", "demo-201", "测试单位201，资料完整"),
    ("会计师事务所", "202", "demo-202", "测试单位202"),
    ("会计师事务所", "203", "initial-203", "测试单位203，初始密码，首次登录须完善资料"),
    ("协会代管注师", "110005", "demo-110005", ""),
    ("协会人员", "reviewer", "demo-reviewer", "审核"),
    ("协会人员", "clerk", "demo-clerk", "窗口"),
    ("协会人员", "editor", "demo-editor", "通知与帮助"),
    ("协会人员", "admin", "demo-admin", "系统管理员"),
)


async def until_ready(chosen: Settings, say: Say) -> None:
    """Ask `/healthz/ready` until it is 200; an operator who waits long is told what is missing."""
    loop = asyncio.get_running_loop()
    began, told = loop.time(), False
    while (answer := await ask(chosen, "/healthz/ready"))[0] != 200:
        if not told and loop.time() - began > _SLOW:
            say(f"服务仍未就绪：{answer[1].get('parts', answer[1])}")
            told = True
        await asyncio.sleep(0.1)


def announce(chosen: Settings, say: Say) -> None:
    say(_addresses(chosen))
    if not chosen.is_production:
        say(_demo(chosen))


async def ask(chosen: Settings, path: str) -> tuple[int, dict[str, Any]]:
    """GET of our own service with nothing but sockets; (0, {}) when it does not answer."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(_reachable(chosen.host), chosen.port)
            with closing(writer):
                writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                answer = await reader.read()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)
    except (OSError, ValueError, IndexError, TimeoutError):
        return 0, {}


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _addresses(chosen: Settings) -> str:
    return "\n".join(
        [
            "",
            "服务已就绪（Ctrl-C 停止）",
            f"  接口地址    {chosen.base_url}",
            f"  接口文档    {chosen.base_url}/docs",
            f"  健康检查    {chosen.base_url}/healthz/ready",
            f"  数据目录    {chosen.home}",
        ]
    )


def _demo(chosen: Settings) -> str:
    lines = [
        f"  微信模拟器  {chosen.wechat_url}/ （手机页面：用浏览器打开，扫码、确认绑定、查看消息）",
        f"  绑定页面    {chosen.wechat_url}/computer （电脑上的“设置-微信绑定”：登录后取得二维码）",
        "",
        "演示账号",
    ]
    for kind, number, password, note in DEMO_LOGINS:
        lines.append(f"  {kind:　<6}  {number:<9} 密码 {password:<14} {note}".rstrip())
    return "\n".join(lines) + "\n"
