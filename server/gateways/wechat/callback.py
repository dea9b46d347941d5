"""The door WeChat knocks on: signatures checked, secure bodies opened, events read, replies sealed."""

import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy import parse_message
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException
from wechatpy.replies import TextReply
from wechatpy.utils import WeChatSigner

from config.settings import WechatAppSettings
from server import clock
from server.errors import Refusal

BODY_LIMIT = 64 * 1024
WINDOW_SECONDS = 600
KEY_LENGTH = 200  # of the inbox's unique key
ACKNOWLEDGED = "success"  # accepted by WeChat in every mode

# Entities are off in xmltodict, which says so with ValueError.
_UNREADABLE = (ExpatError, KeyError, ValueError, TypeError, AttributeError, IndexError, struct.error)


class BadCallback(Refusal):
    """Not provably WeChat's: signature, time or app do not fit."""

    code = "bad_callback"
    status = 403
    message = "回调签名校验未通过"


class UnreadableCallback(BadCallback):
    code = "unreadable_callback"
    status = 400
    message = "回调内容无法解析"


@dataclass(frozen=True)
class Callback:
    """One message or event as WeChat pushed it. `event` is in lower case and empty for messages.

    `event_key` is as sent, `scene` is it without WeChat's prefix and only for scans. `message_id` is the MsgId of a
    message or the msgid that a TEMPLATESENDJOBFINISH receipt is about, `status` is that receipt's.
    """

    app: str
    unique_key: str
    text: str
    kind: str  # text, image, event …
    openid: str
    account: str  # the service account's own name
    event: str = ""
    event_key: str = ""
    scene: str = ""
    ticket: str = ""
    message_id: str = ""
    status: str = ""


class CallbackDoor:
    """The callbacks of one app; `query` is the request's query with one value a key. Every method may raise
    BadCallback."""

    def __init__(self, app: str, setup: WechatAppSettings, *, now: Callable[[], datetime] = clock.now) -> None:
        self._app = app
        self._token = setup.token.get_secret_value()
        self._secure = setup.mode == "secure"
        self._appid = setup.appid
        self._now = now
        key = setup.encoding_aes_key.get_secret_value()
        self._crypto = WeChatCrypto(self._token, key, setup.appid) if self._secure else None

    def check_url(self, query: Mapping[str, str]) -> str:
        """The echostr to answer WeChat's check of our address with; plain in every mode."""
        self._check(query, "signature")
        return query.get("echostr", "")

    def open(self, query: Mapping[str, str], body: bytes) -> Callback:
        """The callback in a POST. In secure mode only an encrypted body counts: `signature` does not cover it."""
        if len(body) > BODY_LIMIT:
            raise UnreadableCallback("回调内容过大")
        try:
            xml = self._decrypted(query, body) if self._secure else self._plain(query, body)
            return read_callback(self._app, xml)
        except InvalidAppIdException:
            raise BadCallback("回调不属于本应用") from None
        except _UNREADABLE:
            raise UnreadableCallback from None

    def reply_text(self, callback: Callback, text: str) -> tuple[str, str]:
        """Body and content type of a passive reply: one text, which may contain a link."""
        content = text.replace("]]>", "]]]]><![CDATA[>")
        reply = TextReply(source=callback.account, target=callback.openid, content=content, time=self._seconds())
        body = str(reply.render())
        if self._crypto:
            body = str(self._crypto.encrypt_message(body, secrets.token_hex(8), str(self._seconds())))
        return body, "application/xml; charset=utf-8"

    def _seconds(self) -> int:
        return int(self._now().timestamp())

    def _plain(self, query: Mapping[str, str], body: bytes) -> str:
        self._check(query, "signature")
        return body.decode()

    def _decrypted(self, query: Mapping[str, str], body: bytes) -> str:
        outer = xmltodict.parse(body.decode())["xml"]
        if "Encrypt" not in outer:
            raise BadCallback("安全模式下不接受明文回调")
        self._check(query, "msg_signature", outer["Encrypt"])
        assert self._crypto is not None
        return str(PrpCrypto(self._crypto.key).decrypt(outer["Encrypt"], self._appid))

    def _check(self, query: Mapping[str, str], name: str, *covered: str) -> None:
        """WeChat's signature `name` over token, timestamp, nonce and `covered`, made within the window."""
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        expected = sign(self._token, timestamp, nonce, *covered)
        if not hmac.compare_digest(expected.encode(), query.get(name, "").encode()):
            raise BadCallback
        if not timestamp.isdecimal() or abs(int(timestamp[:12]) - self._seconds()) > WINDOW_SECONDS:
            raise BadCallback("回调时间与服务器时间相差过大")


def sign(*parts: str) -> str:
    """sha1 over the sorted parts."""
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)


def read_callback(app: str, xml: str) -> Callback:
    """A plain callback's meaning, also of one read back from the inbox. Raises what a broken text makes expat and
    wechatpy raise; a text that came through the door once does not."""
    message = parse_message(xml)
    fields: dict[str, Any] = xmltodict.parse(xml)["xml"]
    is_event = fields["MsgType"].lower() == "event"
    event = _text(fields, "Event").lower() if is_event else ""
    return Callback(
        app=app,
        unique_key=_unique_key(fields, event),
        text=xml,
        kind=fields["MsgType"].lower(),
        openid=_required(fields, "FromUserName"),
        account=_text(fields, "ToUserName"),
        event=event,
        event_key=_text(fields, "EventKey"),
        scene=getattr(message, "scene_id", "") or "",
        ticket=_text(fields, "Ticket"),
        message_id=_text(fields, "MsgId") or _text(fields, "MsgID"),
        status=_text(fields, "Status"),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    """Some events nest elements where others have text; only text is taken."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _required(fields: Mapping[str, Any], name: str) -> str:
    value = _text(fields, name)
    if not value:
        raise KeyError(name)
    return value


def _unique_key(fields: Mapping[str, Any], event: str) -> str:
    """MsgId of a message, msgid of a receipt; else person, time, event and what it is about (WeChat's own rule, with
    the key added: one person may cause two events in one second)."""
    if number := _text(fields, "MsgId") or _text(fields, "MsgID"):
        return _fit(f"{event or 'message'}:{number}")
    about = _text(fields, "EventKey") or _text(fields, "TemplateId")
    return _fit(":".join((_required(fields, "FromUserName"), _required(fields, "CreateTime"), event, about)))


def _fit(key: str) -> str:
    """A key too long for its column keeps its head and a hash of the whole."""
    if len(key) <= KEY_LENGTH:
        return key
    return f"{key[: KEY_LENGTH - 65]}:{hashlib.sha256(key.encode()).hexdigest()}"
