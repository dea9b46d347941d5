"""Each interface of WeChat against the simulated one: what we ask, and what we make of its answer."""

from collections.abc import Callable

import pytest

from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.errors import WXA_CODE, ApiError, UnknownOutcome
from server.gateways.wechat.messages import SubscribeMessage
from server.gateways.wechat.results import PhoneNumber, TextOpinion, UserInfo
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault
from tests.simulator.phones import Phone

PAGE = "pages/bind/index"
SUBSCRIBE = "SUBSCRIBE-PROGRESS"


@pytest.fixture
def phone(simulator: Simulator, follower: str) -> Phone:
    return simulator.platform.phone(follower)


def subscribe(phone: Phone, **changes: str) -> SubscribeMessage:
    fields = {"thing1": changes.pop("value", "预约成功")}
    return SubscribeMessage(phone.mini_openid, SUBSCRIBE, fields, changes.pop("state", "formal"), **changes)


async def test_a_follower_is_told_with_his_unionid(client: AsyncWechatClient, phone: Phone) -> None:
    assert await client.user_info(phone.openid) == UserInfo(phone.openid, follows=True, unionid=phone.unionid)


async def test_one_who_left_does_not_follow(client: AsyncWechatClient, phone: Phone) -> None:
    phone.follows = False

    assert (await client.user_info(phone.openid)).follows is False


async def test_apps_that_are_not_joined_tell_no_unionid(
    simulator: Simulator, client: AsyncWechatClient, phone: Phone
) -> None:
    simulator.platform.switches.unionids = False

    assert (await client.user_info(phone.openid)).unionid is None


@pytest.mark.parametrize("written", ["string", "number"])
async def test_a_number_is_read_however_its_country_is_written(
    simulator: Simulator, mini: AsyncWechatClient, phone: Phone, written: str
) -> None:
    simulator.platform.switches.country_code = written  # type: ignore[assignment]
    code = simulator.platform.phone_codes.mint(phone.mini_openid)

    assert await mini.phone_number(code) == PhoneNumber(phone.mobile, "86")


async def test_a_number_given_to_another_app_is_not_believed(
    simulator: Simulator, mini: AsyncWechatClient, phone: Phone
) -> None:
    simulator.platform.switches.watermark_appid = "wx-of-another-app"

    with pytest.raises(UnknownOutcome):
        await mini.phone_number(simulator.platform.phone_codes.mint(phone.mini_openid))


async def test_a_phone_code_is_good_once(simulator: Simulator, mini: AsyncWechatClient, phone: Phone) -> None:
    code = simulator.platform.phone_codes.mint(phone.mini_openid)
    await mini.phone_number(code)

    with pytest.raises(ApiError) as refused:
        await mini.phone_number(code)

    assert refused.value.code == 40029


async def test_a_code_of_the_mini_program_is_a_picture_that_opens_a_page_with_its_scene(
    simulator: Simulator, mini: AsyncWechatClient
) -> None:
    picture = await mini.wxa_code("t=Ab9_-.~", PAGE, check_path=True, env_version="release")

    (made,) = simulator.platform.mini_codes.values()
    assert picture.startswith(b"\x89PNG")
    assert (made.scene, made.page, made.env_version) == ("t=Ab9_-.~", PAGE, "release")


async def test_a_page_that_is_not_released_is_refused_when_asked_to_look(
    simulator: Simulator, mini: AsyncWechatClient
) -> None:
    with pytest.raises(ApiError) as refused:
        await mini.wxa_code("s", "pages/not/yet", check_path=True, env_version="release")
    await mini.wxa_code("s", "pages/not/yet", check_path=False, env_version="trial")

    assert (refused.value.code, refused.value.endpoint) == (41030, WXA_CODE)


@pytest.mark.parametrize("scene", ["", "a" * 33, "100%", "场景", "a b", "a\n", "a" * 32 + "\n"])
async def test_a_scene_that_wechat_would_refuse_is_not_even_asked_for(
    simulator: Simulator, mini: AsyncWechatClient, scene: str
) -> None:
    with pytest.raises(ApiError) as refused:
        await mini.wxa_code(scene, PAGE, check_path=True, env_version="release")

    assert refused.value.code == 40169
    assert simulator.platform.counters[WXA_CODE] == 0


async def test_every_character_that_wechat_takes_is_taken(mini: AsyncWechatClient) -> None:
    for scene in ("!#$&'()*+,/:;=?@-._~", "0123456789abcdefghijklmnopqrstuv", "ABCDEFGHIJKLMNOPQRSTUVWXYZwxyz"):
        assert await mini.wxa_code(scene, PAGE, check_path=True, env_version="release")


async def test_a_consent_lets_one_message_through(simulator: Simulator, mini: AsyncWechatClient, phone: Phone) -> None:
    phone.credits[SUBSCRIBE] = 1

    msgid = await mini.send_subscribe(subscribe(phone, page="pages/message/index?id=7"))

    (shown,) = phone.messages
    assert (shown.page, shown.fields) == ("pages/message/index?id=7", {"thing1": "预约成功"})
    assert msgid == ""


async def test_the_msgid_is_taken_where_wechat_tells_it(
    simulator: Simulator, mini: AsyncWechatClient, phone: Phone
) -> None:
    simulator.platform.switches.msgid_of_subscribe_messages = True
    phone.credits[SUBSCRIBE] = 1

    msgid = await mini.send_subscribe(subscribe(phone))

    assert msgid == str(phone.messages[0].msgid)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"value": "长" * 21}, 47003), ({"page": "pages/nowhere"}, 41030), ({"state": "released"}, 47003)],
)
async def test_what_breaks_wechats_rules_is_refused(
    mini: AsyncWechatClient, phone: Phone, changes: dict[str, str], code: int
) -> None:
    phone.credits[SUBSCRIBE] = 1

    with pytest.raises(ApiError) as refused:
        await mini.send_subscribe(subscribe(phone, **changes))

    assert refused.value.code == code


@pytest.fixture
def visited(simulator: Simulator, phone: Phone) -> Callable[[], str]:
    def visit() -> str:
        phone.visited_at = simulator.platform.now()
        return phone.mini_openid

    return visit


@pytest.mark.parametrize(
    ("text", "opinion"),
    [
        ("申请材料已补齐", TextOpinion("pass", 100)),
        ("请加微信", TextOpinion("review", 20001)),
        ("代开发票", TextOpinion("risky", 20006)),
    ],
)
async def test_wechat_has_an_opinion_of_a_text(
    mini: AsyncWechatClient, visited: Callable[[], str], text: str, opinion: TextOpinion
) -> None:
    assert await mini.check_text(visited(), text, 1) == opinion


async def test_wechat_has_none_of_somebody_who_was_not_there(mini: AsyncWechatClient, phone: Phone) -> None:
    with pytest.raises(ApiError) as refused:
        await mini.check_text(phone.mini_openid, "你好", 1)

    assert refused.value.code == 40003


@pytest.mark.parametrize("endpoint", ["getwxacodeunlimit", "user/info"])
async def test_a_dead_token_is_replaced_for_every_interface(
    simulator: Simulator, client: AsyncWechatClient, mini: AsyncWechatClient, phone: Phone, endpoint: str
) -> None:
    simulator.faults.add(Fault(endpoint=endpoint, errcode=42001))

    if endpoint == "user/info":
        assert (await client.user_info(phone.openid)).follows
    else:
        assert await mini.wxa_code("s", PAGE, check_path=True, env_version="release")
