"""Data sealed with a session_key: WeChat's own vector opens, nothing else does, and a number is read from it."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import SecretStr
from wechatpy.crypto.pkcs7 import PKCS7Encoder

from config.settings import WechatAppSettings
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.errors import ApiError
from server.gateways.wechat.results import PhoneNumber
from server.gateways.wechat.user_data import UnfitUserData, open_user_data
from tests.server.gateways.wechat.conftest import MemoryShelf

VECTORS = {vector["id"]: vector for vector in json.loads(Path(__file__).with_name("vectors.json").read_text())}
V5 = VECTORS["V5"]
KEY, IV, APPID, SEALED = V5["session_key"], V5["iv"], V5["appid"], V5["encrypted_data"]
NUMBER = {"phoneNumber": "13911112222", "purePhoneNumber": "13911112222", "countryCode": 86}


def sealed(values: dict[str, Any], *, appid: str = APPID) -> str:
    plain = PKCS7Encoder.encode(json.dumps(values | {"watermark": {"appid": appid}}).encode())
    encryptor = Cipher(algorithms.AES(base64.b64decode(KEY)), modes.CBC(base64.b64decode(IV))).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


@pytest.fixture
async def client(http: aiohttp.ClientSession) -> AsyncIterator[AsyncWechatClient]:
    """Of a WeChat that answers every login with the vector's session_key."""

    async def login(_: web.Request) -> web.Response:
        return web.json_response({"openid": "m1", "session_key": KEY})

    stub = web.Application()
    stub.add_routes([web.get("/sns/jscode2session", login)])
    runner = web.AppRunner(stub)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    app = WechatAppSettings(appid=APPID, secret=SecretStr("s"))
    yield AsyncWechatClient(app, f"http://{host}:{port}", http, MemoryShelf())
    await runner.cleanup()


def test_the_vector_opens() -> None:
    opened = open_user_data(SEALED, IV, session_key=KEY, appid=APPID)

    assert opened["watermark"] == {"timestamp": V5["watermark_timestamp"], "appid": APPID}


@pytest.mark.parametrize(
    "changed",
    [
        {"appid": "wx-of-another-app"},
        {"session_key": base64.b64encode(b"k" * 16).decode()},
        {"session_key": "not base64!"},
        {"iv": base64.b64encode(b"i" * 16).decode()},
        {"iv": ""},
        {"encrypted": SEALED[:-24]},
        {"encrypted": SEALED[24:]},
        {"encrypted": ""},
        {"encrypted": "中文"},
    ],
)
def test_nothing_else_opens(changed: dict[str, str]) -> None:
    given = {"encrypted": SEALED, "iv": IV, "session_key": KEY, "appid": APPID} | changed

    with pytest.raises(UnfitUserData):
        open_user_data(given.pop("encrypted"), given.pop("iv"), **given)


async def test_the_number_of_an_older_client_is_read(client: AsyncWechatClient) -> None:
    assert await client.phone_number_of_old_client("code", sealed(NUMBER), IV) == PhoneNumber("13911112222", "86")


@pytest.mark.parametrize("data", [sealed(NUMBER, appid="wx-of-another-app"), sealed(NUMBER)[:-24], "garbage"])
async def test_data_that_does_not_open_is_refused_like_a_used_code(client: AsyncWechatClient, data: str) -> None:
    with pytest.raises(ApiError) as refused:
        await client.phone_number_of_old_client("code", data, IV)

    assert refused.value.code == 40029
