"""Two phones: one binds by the service account's QR, one by the mini program's, and each is told in its own way."""

import re
from typing import Any
from uuid import uuid4

from server.run.demo import manual
from server.run.demo.cast import Cast
from server.run.demo.http import Session

_KINDS = {"official_account": "服务号二维码", "mini_program": "小程序码"}


async def bind_both(cast: Cast) -> None:
    """绑定新账号 (manual §10) by either kind of QR: 手机甲 follows the service account, 手机乙 has the mini program."""
    cast.telling.chapter("绑定微信：服务号二维码与小程序码（手册 10）")
    first, second = (await cast.phone.get("/phones"))[:2]
    cast.openid, cast.mini_openid = first["openid"], second["openid"]
    bound = {row["kind"] for row in (await cast.firm.get("/me/wechat"))["items"]}
    for kind, bind in (("official_account", _by_link), ("mini_program", _by_code)):
        if kind in bound:
            cast.telling.step(f"{_KINDS[kind]}：已绑定，沿用")
        else:
            await _bind(cast, cast.firm, kind, bind)
    await _log_in_silently(cast)


async def _bind(cast: Cast, firm: Session, kind: str, confirm: Any) -> None:
    """The settings page shows a QR, the phone confirms and shows a number, the page chooses it."""
    ticket = await firm.post("/me/wechat/tickets", {"kind": kind})
    newest = next(code for code in await cast.phone.get("/qr-codes") if code["kind"] == kind)
    number = await confirm(cast, newest["url"])
    path = f"/me/wechat/tickets/{ticket['public_id']}"
    await firm.post(f"{path}/choose", {"number": number})
    cast.telling.expect(f"{_KINDS[kind]}绑定结果", (await firm.get(path))["state"], "bound")


async def _by_link(cast: Cast, url: str) -> str:
    """Scanned in WeChat: the service account answers with a link."""
    return await _confirmed_by_link(cast, cast.openid, url)


async def _confirmed_by_link(cast: Cast, openid: str, url: str) -> str:
    await cast.phone.post(f"/phones/{openid}/scan", {"url": url})
    nonce = await _nonce(cast, openid)
    shown = await cast.firm.post("/wechat/tickets/preview", {"nonce": nonce})
    cast.telling.step(f"手机上显示的账号：{shown['name']}")
    confirmed = await cast.firm.post("/wechat/tickets/confirm", {"nonce": nonce})
    return str(confirmed["number"])


async def _by_code(cast: Cast, url: str) -> str:
    """Scanned, the code opens the mini program with the ticket as its scene."""
    opened = await cast.phone.post(f"/phones/{cast.mini_openid}/scan", {"url": url})
    shown = await cast.firm.post("/wechat/tickets/preview", {"ticket": opened["scene"]})
    cast.telling.expect("小程序里显示的账号", shown["name"], manual.FIRM)
    order = {"ticket": opened["scene"], "code": await _login_code(cast)}
    return str((await cast.firm.post("/wechat/tickets/confirm", order))["number"])


async def _nonce(cast: Cast, openid: str) -> str:
    """The one-use nonce in the #fragment of the link that the service account sent to the phone."""
    for message in reversed(await cast.phone.get(f"/phones/{openid}/messages")):
        if found := re.search(r"#(?:nonce=)?([\w-]{16,})", message.get("text", "")):
            return str(found[1])
    raise LookupError("手机没有收到绑定链接")


async def _log_in_silently(cast: Cast) -> None:
    """The bound phone opens the mini program: no password is asked."""
    answer = await cast.mini.post("/auth/wechat", {"code": await _login_code(cast)})
    cast.mini.token = answer["token"]
    me = await cast.mini.get("/me")
    cast.telling.expect("小程序免密登录", me["name"], manual.FIRM)


async def _login_code(cast: Cast) -> str:
    return str((await cast.phone.post(f"/phones/{cast.mini_openid}/code"))["code"])


async def consent(cast: Cast) -> None:
    """订阅消息: the mini program asks for what the service names, and the person agrees."""
    cast.telling.chapter("小程序订阅提醒")
    asked = (await cast.mini.get("/me/subscribe-templates"))["items"]
    for template in asked[:3]:
        cast.telling.step(f"同意接收：{template['title']}")
    answers = {template["template_id"]: "accept" for template in asked[:3]}
    await cast.phone.post(f"/phones/{cast.mini_openid}/consent", {"answers": answers})
    credited = await cast.looked_for(_credits, lambda found: all(found.get(id_, 0) for id_ in answers))
    cast.telling.expect_true("订阅次数已记下", all(credited.get(id_, 0) for id_ in answers))


async def _credits(cast: Cast) -> dict[str, int]:
    found = (await cast.mini.get("/me/subscribe-templates"))["items"]
    return {template["template_id"]: template["credits"] for template in found}


async def told_on_both(cast: Cast, occurrence: str) -> None:
    """One event, one message on each phone, and both in the ledger of staff."""
    for channel, openid, phone in (("wechat", cast.openid, "手机甲"), ("mini_program", cast.mini_openid, "手机乙")):
        [row] = await cast.deliveries(occurrence, channel, 1)
        cast.telling.step(f"{phone}：{row['text']}（台账：{row['recipient']} {row['state_label']}）")
        shown = await cast.phone.get(f"/phones/{openid}/messages")
        cast.telling.expect_true(f"{phone}收到提醒", any(message.get("fields") for message in shown))


async def unfollowed(cast: Cast) -> str:
    """A contact of 测试单位202 binds a phone of her own and stops following; her openid."""
    telling = cast.telling
    telling.chapter("取消关注之后：改发短信")
    phone = await cast.phone.post("/phones", {"name": f"手机{uuid4().hex[:4]}"})
    openid = str(phone["openid"])

    async def by_her_link(cast: Cast, url: str) -> str:
        return await _confirmed_by_link(cast, openid, url)

    await _bind(cast, cast.neighbour, "official_account", by_her_link)
    await cast.phone.post(f"/phones/{openid}/unfollow")
    reached = await cast.looked_for(_reached, lambda found: not found)
    telling.expect_true("取消关注后不再向微信发送", not reached)
    return openid


async def _reached(cast: Cast) -> list[dict[str, Any]]:
    return [row for row in (await cast.neighbour.get("/me/wechat"))["items"] if row["reachable"]]


async def told_by_sms(cast: Cast, occurrence: str) -> None:
    """The contact is told by SMS, beside the CPA concerned."""
    rows = await cast.deliveries(occurrence, "sms", 2)
    contact = next((row for row in rows if row["recipient"].startswith("联系人")), None)
    cast.telling.expect_true("联系人收到短信", contact is not None)
    if contact:
        cast.telling.step(f"{contact['recipient']}：{contact['text']}（台账：{contact['state_label']}）")
