"""测试单位201 registers 张三 and 李四 and transfers 王五, as the manual tells it; ends in one line and an exit code."""

import asyncio
import sys
from contextlib import AsyncExitStack

import aiohttp

from server.run.configuration import load_settings
from server.run.demo import manual
from server.run.demo.cast import Cast
from server.run.demo.leftovers import clear_stage
from server.run.demo.phones import bind_both, consent, unfollowed
from server.run.demo.telling import Telling
from server.run.demo.visit import book_together, serve, tell_the_neighbour
from server.run.demo.writing import correct, register, transfer


async def play(service: str, simulator: str) -> int:
    """The whole story against a running service; returns 0 when every word agrees with the manual, else 1."""
    telling = Telling()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)))
        cast = await Cast.assemble(http, service, simulator, telling)
        await _home(cast)
        await bind_both(cast)
        await clear_stage(cast)
        await consent(cast)
        zhang = await register(cast, "张三", "110108197505151254")
        li = await register(cast, "李四", "110106194709200611")
        wang = await transfer(cast, "王五", "123456")
        await _review(cast, zhang, li, wang)
        appointment = await book_together(cast, [zhang, li])
        await serve(cast, appointment, [("张三", zhang), ("李四", li)])
        await unfollowed(cast)
        await tell_the_neighbour(cast)
    return telling.finish()


async def _home(cast: Cast) -> None:
    cast.telling.chapter("登录与首页（手册 1、3）")
    home = await cast.firm.get("/home")
    cast.telling.expect("业务磁贴", [tile["label"] for tile in home["tiles"]], manual.TILES)
    cast.telling.expect("磁贴按钮", {tile["button"] for tile in home["tiles"]}, {manual.TILE_BUTTON})


async def _review(cast: Cast, zhang: str, li: str, wang: str) -> None:
    telling = cast.telling
    telling.chapter("审核：四处退回，修改后通过（手册 4）")
    opinions = [{"key": key, "verdict": "returned", "reason": reason} for key, reason in manual.REASONS.items()]
    await cast.staff.post(f"/applications/{zhang}/verdict", {"decision": "return", "materials": opinions})
    detail = await cast.firm.get(f"/applications/{zhang}")
    telling.expect("状态", detail["status_label"], manual.RETURNED)
    telling.expect("备注", detail["timeline"][0]["remark"], manual.REMARK)
    telling.expect("操作人", detail["timeline"][0]["operator"], manual.OPERATOR)
    await correct(cast, zhang, list(manual.REASONS))
    for name, application, business in (
        ("张三", zhang, "注册申请"),
        ("李四", li, "注册申请"),
        ("王五", wang, "关系转移"),
    ):
        await cast.staff.post(f"/applications/{application}/verdict", {"decision": "approve"})
        detail = await cast.firm.get(f"/applications/{application}")
        telling.expect(f"{name}状态", detail["status_label"], manual.TO_BOOK)
        text = await cast.message_about(application)
        wording = manual.approved(name, business)
        telling.expect(f"{name}系统消息", text[: len(wording)], wording)


def main() -> int:
    """Play it against the service that the settings name, and tell whether it could be reached at all."""
    chosen = load_settings()
    service = f"http://{chosen.host}:{chosen.port}"
    try:
        return asyncio.run(play(service, chosen.simulator_url))
    except aiohttp.ClientConnectionError:
        sys.stdout.write(f"无法连接 {service}：请先在另一个终端运行 make run\n")
        return 1
