"""The door WeChat knocks on: signatures checked, secure bodies opened, replies sealed."""

import hmac
import json
import secrets
import struct
from collections.abc import Callable, Mapping
from datetime import datetime
from xml.parsers.expat import ExpatError

from wechatpy.exceptions import InvalidAppIdException
from wechatpy.replies import TextReply

from config.settings import WechatAppSettings
from server import clock
from server.errors import Refusal
from server.gateways.wechat.envelope import Envelope, sign
from server.gateways.wechat.events import Callback, fields_of, read_callback
from server.messages.callbacks import BODY_LIMIT

WINDOW_SECONDS = 600

# Entities are off in xmltodict, which says so with ValueError; a body of brackets alone exhausts json's recursion.
_UNREADABLE = (ExpatError, KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError, struct.error)


class BadCallback(Refusal):
    """Not provably WeChat's: signature, time or app do not fit."""

    code = "bad_callback"
    status = 403
    message = "回调签名校验未通过"


class UnreadableCallback(BadCallback):
    code = "unreadable_callback"
    status = 400
    message = "回调内容无法解析"


class CallbackDoor:
    """The callbacks of one app; `query` is the request's query with one value a key. Every method may raise
    BadCallback."""

    def __init__(self, app: str, setup: WechatAppSettings, *, now: Callable[[], datetime] = clock.now) -> None:
        self._app = app
        self._token = setup.token.get_secret_value()
        self._now = now
        key = setup.encoding_aes_key.get_secret_value()
        self._envelope = Envelope(self._token, key, setup.appid) if setup.mode == "secure" else None

    def check_url(self, query: Mapping[str, str]) -> str:
        """The echostr to answer WeChat's check of our address with; plain in every mode."""
        self._check(query, "signature")
        return query.get("echostr", "")

    def open(self, query: Mapping[str, str], body: bytes) -> Callback:
        """The callback in a POST. In secure mode only an encrypted body counts: `signature` does not cover it."""
        if len(body) > BODY_LIMIT:
            raise UnreadableCallback("回调内容过大")
        try:
            return read_callback(self._app, self._plain(query, body))
        except InvalidAppIdException:
            raise BadCallback("回调不属于本应用") from None
        except _UNREADABLE:
            raise UnreadableCallback from None

    def reply_text(self, callback: Callback, text: str) -> tuple[str, str]:
        """Body and content type of a passive reply in the callback's own format: one text, which may contain a
        link."""
        write, media = (_json_reply, "application/json") if callback.is_json else (_xml_reply, "application/xml")
        body = write(callback, text, self._seconds())
        if self._envelope:
            sealed = self._envelope.sealed(body, str(self._seconds()), secrets.token_hex(8))
            body = sealed.json() if callback.is_json else sealed.xml()
        return body, f"{media}; charset=utf-8"

    def _seconds(self) -> int:
        return int(self._now().timestamp())

    def _plain(self, query: Mapping[str, str], body: bytes) -> str:
        """The body's text once it is proven to be WeChat's."""
        text = body.decode()
        if self._envelope is None:
            self._check(query, "signature")
            return text
        outer = fields_of(text)
        if "Encrypt" not in outer:
            raise BadCallback("安全模式下不接受明文回调")
        self._check(query, "msg_signature", outer["Encrypt"])
        return self._envelope.opened(outer["Encrypt"])

    def _check(self, query: Mapping[str, str], name: str, *covered: str) -> None:
        """WeChat's signature `name` over token, timestamp, nonce and `covered`, made within the window."""
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        expected = sign(self._token, timestamp, nonce, *covered)
        if not hmac.compare_digest(expected.encode(), query.get(name, "").encode()):
            raise BadCallback
        if not timestamp.isdecimal() or abs(int(timestamp[:12]) - self._seconds()) > WINDOW_SECONDS:
            raise BadCallback("回调时间与服务器时间相差过大")


def _xml_reply(callback: Callback, text: str, seconds: int) -> str:
    content = text.replace("]]>", "]]]]><![CDATA[>")
    return str(TextReply(source=callback.account, target=callback.openid, content=content, time=seconds).render())


def _json_reply(callback: Callback, text: str, seconds: int) -> str:
    body = {
        "ToUserName": callback.openid,
        "FromUserName": callback.account,
        "CreateTime": seconds,
        "MsgType": "text",
        "Content": text,
    }
    return json.dumps(body, ensure_ascii=False)
