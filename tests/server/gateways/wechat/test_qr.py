"""Binding codes of both apps as accounts see them: a picture with a scene, or a named refusal."""

import pytest

from server.accounts.wechat_identity import BindingQr, WechatUnavailable
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.qr import MiniProgramQr, OfficialAccountQr
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault

PAGE = "pages/bind/index"
SECRET = "abcdefghijklmnopqrstu_"


@pytest.fixture
def codes(client: AsyncWechatClient, mini: AsyncWechatClient) -> dict[str, BindingQr]:
    return {"qrcode/create": OfficialAccountQr(client), "getwxacodeunlimit": MiniProgramQr(mini, PAGE, "formal")}


async def test_a_code_of_the_service_account_carries_its_scene(simulator: Simulator, client: AsyncWechatClient) -> None:
    png = await OfficialAccountQr(client).draw("secret-of-a-ticket", 300)

    assert png.startswith(b"\x89PNG")
    assert "secret-of-a-ticket" in [code.scene for code in simulator.platform.qr_codes.values()]


@pytest.mark.parametrize(
    ("state", "version", "looked"), [("formal", "release", 1), ("trial", "trial", 0), ("developer", "develop", 0)]
)
async def test_a_code_of_the_mini_program_opens_the_version_that_is_in_use(
    simulator: Simulator, mini: AsyncWechatClient, state: str, version: str, looked: int
) -> None:
    """Only a released page can be checked to exist."""
    page = PAGE if looked else "pages/not/released"

    png = await MiniProgramQr(mini, page, state).draw(SECRET, 300)

    (made,) = simulator.platform.mini_codes.values()
    assert png.startswith(b"\x89PNG")
    assert (made.scene, made.page, made.env_version) == (SECRET, page, version)


async def test_a_released_page_that_is_not_there_is_said_now_and_not_on_the_phone(mini: AsyncWechatClient) -> None:
    with pytest.raises(WechatUnavailable):
        await MiniProgramQr(mini, "pages/not/released", "formal").draw(SECRET, 300)


@pytest.mark.parametrize("endpoint", ["qrcode/create", "getwxacodeunlimit"])
@pytest.mark.parametrize("fault", [{"errcode": 45009}, {"errcode": -1}, {"drop": "reply"}, {"status": 503}])
async def test_no_code_is_a_named_refusal(
    simulator: Simulator, codes: dict[str, BindingQr], endpoint: str, fault: dict[str, int]
) -> None:
    simulator.faults.add(Fault.model_validate({"endpoint": endpoint, **fault}))

    with pytest.raises(WechatUnavailable):
        await codes[endpoint].draw(SECRET, 300)


@pytest.mark.parametrize("endpoint", ["qrcode/create", "getwxacodeunlimit"])
async def test_a_quota_of_codes_comes_back_within_a_minute(
    simulator: Simulator, codes: dict[str, BindingQr], endpoint: str
) -> None:
    simulator.faults.add(Fault(endpoint=endpoint, errcode=45009))

    with pytest.raises(WechatUnavailable) as refused:
        await codes[endpoint].draw(SECRET, 300)

    assert refused.value.retry_after == 60
