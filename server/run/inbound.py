"""What the outside told us and the worker acts on: a table from WeChat's events to what they change (decisions D27)."""

import asyncio
from collections.abc import Awaitable, Callable

from models.accounts import WechatApp
from models.messages import Channel
from server import clock
from server.accounts.bindings import follow_changed, learn_unionid
from server.accounts.wechat_identity import Followers, WechatUnavailable
from server.gateways.sms.receipts import APP as SMS
from server.gateways.sms.receipts import read_receipt
from server.gateways.wechat.events import Callback, read_callback
from server.gateways.wechat.receipts import subscribe_receipt, template_receipt
from server.http.logs import log
from server.messages import credits
from server.messages.outcomes import settle_receipt

_PATIENCE = 3.0  # seconds: other callbacks wait behind this one
_EARLY_SECONDS = 600  # how long a number that nobody knows may still become known


async def handle_callback(app: str, text: str, *, followers: Followers) -> bool:
    """Whether it is dealt with; False: come again later. Safe to repeat."""
    if app == SMS:
        return await settle_receipt(Channel.SMS, read_receipt(text))
    callback = read_callback(app, text)
    act = _EVENTS.get((app, callback.event))
    if act is None:
        log("callback_of_no_interest", app=app, kind=callback.kind, wechat_event=callback.event)
        return True
    return await act(callback, followers)


async def _follows(callback: Callback, followers: Followers) -> bool:
    """Reachable at once; the unionid when WeChat tells it. Should somebody leave before WeChat does, a repetition
    calls him reachable once more, and the next message, refused with 43004, puts that right."""
    await follow_changed(callback.openid, True)
    try:
        async with asyncio.timeout(_PATIENCE):
            unionid = await followers.unionid_of(callback.openid)
    except (WechatUnavailable, TimeoutError):
        return False
    if unionid:
        await learn_unionid(WechatApp.OFFICIAL_ACCOUNT, callback.openid, unionid)
    return True


async def _leaves(callback: Callback, _: Followers) -> bool:
    await follow_changed(callback.openid, False)
    return True


async def _template_finished(callback: Callback, _: Followers) -> bool:
    return await settle_receipt(Channel.WECHAT, template_receipt(callback))


async def _consents(callback: Callback, _: Followers) -> bool:
    for index, consent in enumerate(callback.consents):
        if change := _CONSENTS.get((callback.event, consent.status)):
            await change(callback.openid, consent.template_id, f"{callback.unique_key}:{index}")
    return True


async def _subscribe_sent(callback: Callback, _: Followers) -> bool:
    """One that nobody waits for is left alone in the end."""
    named = [result for result in callback.results if result.message_id]
    receipts = [subscribe_receipt(callback.openid, result) for result in named]
    settled = [await settle_receipt(Channel.MINI_PROGRAM, receipt) for receipt in receipts]
    return all(settled) or clock.now().timestamp() - callback.created > _EARLY_SECONDS


# A ban or a filter is WeChat's doing: it says nothing of what the person wants.
_CONSENTS = {
    ("subscribe_msg_popup_event", "accept"): credits.grant,
    ("subscribe_msg_popup_event", "reject"): credits.refuse,
    ("subscribe_msg_change_event", "reject"): credits.refuse,
}

_EVENTS: dict[tuple[str, str], Callable[[Callback, Followers], Awaitable[bool]]] = {
    (WechatApp.OFFICIAL_ACCOUNT, "subscribe"): _follows,
    (WechatApp.OFFICIAL_ACCOUNT, "scan"): _follows,
    (WechatApp.OFFICIAL_ACCOUNT, "unsubscribe"): _leaves,
    (WechatApp.OFFICIAL_ACCOUNT, "templatesendjobfinish"): _template_finished,
    (WechatApp.MINI_PROGRAM, "subscribe_msg_popup_event"): _consents,
    (WechatApp.MINI_PROGRAM, "subscribe_msg_change_event"): _consents,
    (WechatApp.MINI_PROGRAM, "subscribe_msg_sent_event"): _subscribe_sent,
}
