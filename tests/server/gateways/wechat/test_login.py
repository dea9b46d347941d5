"""Codes of the mini program as accounts see them: a person, a number, or a named refusal."""

import pytest

from server.accounts.contact import UnfitContact
from server.accounts.wechat_identity import CodeRefused, WechatUnavailable
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.login import MiniProgramLogin, PhoneButton
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault


@pytest.fixture
def login(mini: AsyncWechatClient) -> MiniProgramLogin:
    return MiniProgramLogin(mini)


@pytest.fixture
def button(mini: AsyncWechatClient) -> PhoneButton:
    return PhoneButton(mini)


async def test_a_code_stands_for_one_person_in_both_apps(
    simulator: Simulator, login: MiniProgramLogin, follower: str
) -> None:
    identity = await login.exchange(simulator.platform.mint_code(follower))

    phone = simulator.platform.phone(follower)
    assert (identity.openid, identity.unionid) == (phone.mini_openid, phone.unionid)


async def test_a_code_is_good_once(simulator: Simulator, login: MiniProgramLogin, follower: str) -> None:
    code = simulator.platform.mint_code(follower)
    await login.exchange(code)

    with pytest.raises(CodeRefused):
        await login.exchange(code)


async def test_login_needs_no_access_token(simulator: Simulator, login: MiniProgramLogin, follower: str) -> None:
    await login.exchange(simulator.platform.mint_code(follower))

    assert simulator.platform.counters["cgi-bin/stable_token"] == 0


@pytest.mark.parametrize("code", [40029, 40163, 40226])
async def test_what_only_the_person_can_mend_is_refused(
    simulator: Simulator, login: MiniProgramLogin, code: int
) -> None:
    simulator.faults.add(Fault(endpoint="jscode2session", errcode=code))

    with pytest.raises(CodeRefused):
        await login.exchange("code")


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"errcode": 45011}, {"errcode": 40125}, {"status": 502}])
async def test_what_the_person_cannot_mend_is_unavailable(
    simulator: Simulator, login: MiniProgramLogin, fault: dict[str, int]
) -> None:
    simulator.faults.add(Fault.model_validate({"endpoint": "jscode2session", **fault}))

    with pytest.raises(WechatUnavailable):
        await login.exchange("code")


async def test_too_many_logins_say_when_to_come_back(simulator: Simulator, login: MiniProgramLogin) -> None:
    simulator.faults.add(Fault(endpoint="jscode2session", errcode=45011))

    with pytest.raises(WechatUnavailable) as refused:
        await login.exchange("code")

    assert refused.value.retry_after == 60


def button_code(simulator: Simulator, follower: str) -> str:
    return simulator.platform.phone_codes.mint(simulator.platform.phone(follower).mini_openid)


async def test_the_phone_button_tells_a_mobile(simulator: Simulator, button: PhoneButton, follower: str) -> None:
    told = [await button.mobile(button_code(simulator, follower)) for _ in range(2)]  # the country in either type

    assert told == [simulator.platform.phone(follower).mobile] * 2


async def test_a_code_of_the_button_is_good_once(simulator: Simulator, button: PhoneButton, follower: str) -> None:
    code = button_code(simulator, follower)
    await button.mobile(code)

    with pytest.raises(CodeRefused):
        await button.mobile(code)


async def test_a_login_code_is_no_code_of_the_button(simulator: Simulator, button: PhoneButton, follower: str) -> None:
    with pytest.raises(CodeRefused):
        await button.mobile(simulator.platform.mint_code(follower))


@pytest.mark.parametrize(("country", "mobile"), [("852", "91234567"), ("86", "01012345678")])
async def test_a_number_that_is_no_mainland_mobile_is_refused(
    simulator: Simulator, button: PhoneButton, follower: str, country: str, mobile: str
) -> None:
    phone = simulator.platform.phone(follower)
    phone.country_code, phone.mobile = country, mobile

    with pytest.raises(UnfitContact):
        await button.mobile(button_code(simulator, follower))


async def test_a_number_given_to_another_app_is_not_taken(
    simulator: Simulator, button: PhoneButton, follower: str
) -> None:
    simulator.platform.switches.watermark_appid = "wx-of-another-app"

    with pytest.raises(WechatUnavailable):
        await button.mobile(button_code(simulator, follower))


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"errcode": 48001}, {"drop": "reply"}, {"status": 502}])
async def test_a_number_that_wechat_cannot_tell_now_is_unavailable(
    simulator: Simulator, button: PhoneButton, follower: str, fault: dict[str, int]
) -> None:
    simulator.faults.add(Fault.model_validate({"endpoint": "getuserphonenumber", **fault}))

    with pytest.raises(WechatUnavailable):
        await button.mobile(button_code(simulator, follower))
