"""A stub of Tencent's service and a client of it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from pydantic import SecretStr

from config.settings import TencentSmsSettings
from server.gateways.sms.client import TencentSms
from tests.server.gateways.sms.stub import SmsStub, running_stub

TEMPLATES = {"booked.person.1": "1234"}


@pytest.fixture
def setup() -> TencentSmsSettings:
    return TencentSmsSettings(
        secret_id=SecretStr("AKIDexample"),
        secret_key=SecretStr("key-of-the-example"),
        sdk_app_id="1400006666",
        sign_name="北京注协",
        templates=TEMPLATES,
    )


@pytest.fixture
async def stub_and_client(setup: TencentSmsSettings) -> AsyncIterator[tuple[SmsStub, TencentSms]]:
    async with running_stub(setup) as (stub, url), aiohttp.ClientSession() as http:
        yield stub, TencentSms(setup.model_copy(update={"base_url": url}), http)


@pytest.fixture
def stub(stub_and_client: tuple[SmsStub, TencentSms]) -> SmsStub:
    return stub_and_client[0]


@pytest.fixture
def client(stub_and_client: tuple[SmsStub, TencentSms]) -> TencentSms:
    return stub_and_client[1]
