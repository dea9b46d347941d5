"""WeChat's callbacks: checked, stored, acknowledged; a scan is answered in the request with the link to confirm."""

from typing import TYPE_CHECKING, Literal

from sanic import Blueprint

from models.accounts import WechatApp
from server.accounts.binding import confirm_link, scanned
from server.errors import Refusal
from server.http.call import Call, Reply
from server.http.endpoint import PUBLIC, endpoint
from server.messages.callbacks import BODY_LIMIT, store_callback
from server.messages.texts import message_texts

if TYPE_CHECKING:
    from server.gateways.wechat.callback import CallbackDoor

blueprint = Blueprint("wechat_callbacks", url_prefix="/wechat")

App = Literal["official-account", "mini-program"]

_TEXT = "text/plain; charset=utf-8"
_ACKNOWLEDGED = b"success"  # taken by WeChat in every mode and format


@endpoint(blueprint, "GET /<app>/callback", access=PUBLIC, media="text/plain", refuses=(403,))
async def check_address(call: Call, app: App) -> Reply:
    """微信核对回调地址."""
    return Reply((await _door(call, app)).check_url(_query(call)).encode(), _TEXT)


@endpoint(
    blueprint,
    "POST /<app>/callback",
    access=PUBLIC,
    media=("text/plain", "application/xml"),
    refuses=(403,),
    most_bytes=BODY_LIMIT,
)
async def receive(call: Call, app: App) -> Reply:
    """微信推送的消息与事件；重复推送只起一次作用."""
    door = await _door(call, app)
    callback = door.open(_query(call), call.request.body)
    await store_callback(callback)
    if not callback.scene:
        return Reply(_ACKNOWLEDGED, _TEXT)
    body, content_type = door.reply_text(callback, await _answer_scan(callback.scene, callback.openid))
    return Reply(body.encode(), content_type)


async def _answer_scan(scene: str, openid: str) -> str:
    """A repeated push is answered again: WeChat repeats what it had no answer to."""
    try:
        nonce = await scanned(WechatApp.OFFICIAL_ACCOUNT, scene, openid)
    except Refusal as refusal:
        return refusal.message if not refusal.hint else f"{refusal.message}。{refusal.hint}"
    return message_texts().replies["scanned"].format(link=confirm_link(nonce))


async def _door(call: Call, app: App) -> "CallbackDoor":
    wechat = await call.services.wechat()
    return {"official-account": wechat.official_account_door, "mini-program": wechat.mini_program_door}[app]


def _query(call: Call) -> dict[str, str]:
    return {name: values[-1] for name, values in call.request.args.items()}
