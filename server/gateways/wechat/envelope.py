"""Secure mode: WeChat's signature and its sealed bodies (wechat.md §2), opened and closed with wechatpy's code."""

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wechatpy.crypto import PrpCrypto
from wechatpy.utils import WeChatSigner


def sign(*parts: str) -> str:
    """sha1 over the sorted parts."""
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)


@dataclass(frozen=True)
class Sealed:
    """A sealed reply with everything by which WeChat checks it."""

    encrypt: str
    signature: str
    timestamp: str
    nonce: str

    def xml(self) -> str:
        return (
            f"<xml><Encrypt><![CDATA[{self.encrypt}]]></Encrypt><MsgSignature><![CDATA[{self.signature}]]>"
            f"</MsgSignature><TimeStamp>{self.timestamp}</TimeStamp><Nonce><![CDATA[{self.nonce}]]></Nonce></xml>"
        )

    def json(self) -> str:
        body: dict[str, Any] = {"Encrypt": self.encrypt, "MsgSignature": self.signature}
        return json.dumps(body | {"TimeStamp": int(self.timestamp), "Nonce": self.nonce})


class Envelope:
    """`encoding_aes_key`: 43 characters; `salt` makes the 16 bytes that go before every sealed text."""

    def __init__(
        self,
        token: str,
        encoding_aes_key: str,
        appid: str,
        *,
        salt: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._token = token
        self._appid = appid
        self._key = base64.b64decode(encoding_aes_key + "=")
        self._salt = salt

    def opened(self, encrypt: str) -> str:
        """Raises InvalidAppIdException for another app's text, and what broken bytes make of it."""
        return str(PrpCrypto(self._key).decrypt(encrypt, self._appid))

    def sealed(self, text: str, timestamp: str, nonce: str) -> Sealed:
        crypto = PrpCrypto(self._key)
        crypto.get_random_string = self._salt
        encrypt = crypto.encrypt(text, self._appid).decode()
        return Sealed(encrypt, sign(self._token, timestamp, nonce, encrypt), timestamp, nonce)
