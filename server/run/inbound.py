"""What WeChat told us and the worker acts on: receipts, and who follows the service account."""

from models.accounts import WechatApp
from server.accounts.bindings import follow_changed
from server.gateways.wechat.callback import read_callback
from server.messages.outcomes import settle_receipt

_FOLLOWING = {"subscribe": True, "scan": True, "unsubscribe": False}


async def handle_callback(app: str, xml: str) -> bool:
    """Whether the callback is dealt with; a receipt whose message is not known yet is not. Safe to repeat."""
    callback = read_callback(app, xml)
    if callback.event == "templatesendjobfinish":
        return await settle_receipt(callback.message_id, callback.status)
    if callback.event in _FOLLOWING and app == WechatApp.OFFICIAL_ACCOUNT:
        await follow_changed(callback.openid, _FOLLOWING[callback.event])
    return True
