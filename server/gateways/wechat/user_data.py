"""What the phone button hands over before base library 2.21.2: data sealed with the session_key, instead of a code."""

import json
from typing import Any

from wechatpy.crypto import WeChatWxaCrypto
from wechatpy.exceptions import InvalidAppIdException


class UnfitUserData(Exception):
    """Not sealed with this session_key for this app."""


def open_user_data(encrypted: str, iv: str, *, session_key: str, appid: str) -> dict[str, Any]:
    """The values in a wx.* callback's encryptedData; all parameters are base64 as WeChat gives them.

    Raises UnfitUserData, also for another app's data (the watermark tells).
    """
    try:
        return dict(WeChatWxaCrypto(session_key, iv, appid).decrypt_message(encrypted))
    except (InvalidAppIdException, json.JSONDecodeError, ValueError, KeyError, TypeError, IndexError):
        raise UnfitUserData from None
