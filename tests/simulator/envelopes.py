"""How a callback of one app is signed and sealed, and its answer opened."""

import json
import secrets
from collections.abc import Callable

import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from config.settings import WechatAppSettings
from tests.simulator.events import Format

TYPES: dict[Format, str] = {"xml": "text/xml", "json": "application/json"}


class Envelopes:
    def __init__(self, app: WechatAppSettings, now: Callable[[], float]) -> None:
        self._app = app
        self._now = now
        self._token = app.token.get_secret_value()

    def query(self) -> dict[str, str]:
        """Signed, as every call to our address is."""
        timestamp, nonce = str(int(self._now())), secrets.token_hex(5)
        return {"signature": _sign(self._token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}

    def signed(self, text: str, format_: Format = "xml") -> tuple[dict[str, str], bytes]:
        """Query and body of one push of `text`."""
        query = self.query()
        if self._app.mode == "plain":
            return query, text.encode()
        sealed = xmltodict.parse(self._crypto().encrypt_message(text, query["nonce"], query["timestamp"]))["xml"]
        query |= {"encrypt_type": "aes", "msg_signature": sealed["MsgSignature"]}
        return query, _outer(sealed["Encrypt"], format_)

    def reply_of(self, body: str) -> str:
        """The text of a passive reply. Raises what a body that is none makes expat and wechatpy raise."""
        reply = xmltodict.parse(body)["xml"]
        if self._app.mode == "secure":
            opened = self._crypto().decrypt_message(body, reply["MsgSignature"], reply["TimeStamp"], reply["Nonce"])
            reply = xmltodict.parse(opened)["xml"]
        return str(reply["Content"])

    def _crypto(self) -> WeChatCrypto:
        return WeChatCrypto(self._token, self._app.encoding_aes_key.get_secret_value(), self._app.appid)


def _outer(sealed: str, format_: Format) -> bytes:
    if format_ == "json":
        return json.dumps({"ToUserName": "gh", "Encrypt": sealed}).encode()
    return f"<xml><ToUserName><![CDATA[gh]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()


def _sign(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)
