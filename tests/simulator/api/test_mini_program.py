"""The mini program's endpoints answer as documented, also when they say no."""

from typing import Any

import pytest

from tests.simulator.app import Simulator
from tests.simulator.conftest import Caller, Time
from tests.simulator.phones import Phone


async def test_a_login_code_is_good_once(caller: Caller, simulator: Simulator, phone: Phone) -> None:
    code = (await caller.on_phone(phone, "code"))["code"]

    first = await caller.login(code)
    second = await caller.login(code)

    assert (first["openid"], first["unionid"]) == (phone.mini_openid, phone.unionid)
    assert second["errcode"] == 40163


async def test_a_login_code_is_good_for_five_minutes(
    caller: Caller, simulator: Simulator, phone: Phone, time: Time
) -> None:
    code = (await caller.on_phone(phone, "code"))["code"]
    time.later = 301

    assert (await caller.login(code))["errcode"] == 40029


@pytest.mark.parametrize(("changes", "code"), [({}, 40029), ({"secret": "x"}, 40125), ({"appid": "x"}, 40013)])
async def test_a_login_code_of_nobody_is_refused(
    caller: Caller, simulator: Simulator, changes: dict[str, str], code: int
) -> None:
    assert (await caller.login("made-up", **changes))["errcode"] == code


@pytest.mark.parametrize("changes", [{}, {"page": "pages/bind/index", "width": 280, "env_version": "trial"}])
async def test_a_code_is_a_picture(caller: Caller, simulator: Simulator, changes: dict[str, object]) -> None:
    scene = "A" * 30 + "-_"

    picture = await caller.draw(scene=scene, **changes)

    (code,) = simulator.platform.mini_codes.values()
    assert isinstance(picture, bytes)
    assert picture.startswith(b"\x89PNG")
    assert (code.scene, code.page) == (scene, changes.get("page", ""))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scene": "s" * 33}, 40169),
        ({"scene": ""}, 40169),
        ({"scene": "中文"}, 40169),
        ({"scene": "a%20b"}, 40169),
        ({"scene": "a b"}, 40169),
        ({"scene": 7}, 40169),
        ({"page": "pages/nowhere/index"}, 41030),
        ({"page": "/pages/bind/index"}, 41030),
        ({"page": "pages/bind/index?a=1"}, 41030),
        ({"page": "pages/bind/index?a=1", "check_path": False}, 41030),
        ({"env_version": "production"}, 40097),
        ({"width": 279}, 40097),
        ({"width": 1281}, 40097),
        ({"width": "430"}, 40097),
    ],
)
async def test_a_wrong_code_is_refused_in_json(caller: Caller, changes: dict[str, object], code: int) -> None:
    answer = await caller.draw(**changes)

    assert isinstance(answer, dict)
    assert answer["errcode"] == code


async def test_a_page_that_is_not_released_has_codes_when_the_path_is_not_checked(
    caller: Caller, simulator: Simulator
) -> None:
    unchecked = await caller.draw(page="pages/new/index", check_path=False)
    simulator.platform.switches.released_pages = ["pages/new/index"]
    released = await caller.draw(page="pages/new/index")

    assert isinstance(unchecked, bytes)
    assert isinstance(released, bytes)


async def test_codes_have_a_quota_by_the_minute(caller: Caller, simulator: Simulator, time: Time) -> None:
    assert simulator.platform.quotas.per_minute["wxa/getwxacodeunlimit"] == (5000, 45009)
    await caller.post("/_/quota", {"endpoint": "wxa/getwxacodeunlimit", "per_minute": 1, "errcode": 45009})

    first, second = await caller.draw(), await caller.draw()
    time.later = 60
    third = await caller.draw()

    assert isinstance(second, dict)
    assert second["errcode"] == 45009
    assert all(isinstance(picture, bytes) for picture in (first, third))


async def test_one_person_logs_in_a_hundred_times_a_minute_at_most(
    caller: Caller, simulator: Simulator, phone: Phone, follower: Phone
) -> None:
    simulator.platform.quotas.per_minute["jscode2session"] = (1, 45011)
    codes = [simulator.platform.mint_code(who.openid) for who in (phone, phone, follower)]

    answers = [await caller.login(code) for code in codes]

    assert [answer.get("errcode") for answer in answers] == [None, 45011, None]


async def phone_number(caller: Caller, code: str, **more: object) -> Any:
    return await caller.mini_api("/wxa/business/getuserphonenumber", {"code": code, **more})


async def test_a_phone_code_gives_the_number_once(caller: Caller, phone: Phone) -> None:
    code = (await caller.on_phone(phone, "phone-code"))["code"]

    first = await phone_number(caller, code, openid=phone.mini_openid)
    second = await phone_number(caller, code)

    number = first["phone_info"]
    assert (number["phoneNumber"], number["purePhoneNumber"]) == ("13800000001", "13800000001")
    assert number["watermark"]["appid"] == "wx0000000000000202"
    assert second["errcode"] == 40029


async def test_a_phone_code_lives_five_minutes_and_is_no_login_code(caller: Caller, phone: Phone, time: Time) -> None:
    login_code = (await caller.on_phone(phone, "code"))["code"]
    old = (await caller.on_phone(phone, "phone-code"))["code"]
    mixed_up = await phone_number(caller, login_code)
    time.later = 301

    assert mixed_up["errcode"] == 40029
    assert (await phone_number(caller, old))["errcode"] == 40029


async def test_a_phone_code_of_somebody_else_is_refused(caller: Caller, phone: Phone, follower: Phone) -> None:
    code = (await caller.on_phone(phone, "phone-code"))["code"]

    assert (await phone_number(caller, code, openid=follower.mini_openid))["errcode"] == 40003


@pytest.mark.parametrize(
    ("kind", "seen"), [("alternating", [86, "86"]), ("string", ["86", "86"]), ("number", [86, 86])]
)
async def test_a_country_code_comes_in_either_type(caller: Caller, phone: Phone, kind: str, seen: list[object]) -> None:
    await caller.post("/_/switches", {"country_code": kind})
    codes = [(await caller.on_phone(phone, "phone-code"))["code"] for _ in range(2)]

    answers = [await phone_number(caller, code) for code in codes]

    assert [answer["phone_info"]["countryCode"] for answer in answers] == seen


async def test_a_number_from_elsewhere_says_so_and_a_watermark_may_be_somebody_elses(
    caller: Caller, phone: Phone
) -> None:
    await caller.on_phone(phone, "mobile", {"mobile": "61234567", "country_code": "852"})
    await caller.post("/_/switches", {"country_code": "string", "watermark_appid": "wx-other"})
    code = (await caller.on_phone(phone, "phone-code"))["code"]

    number = (await phone_number(caller, code))["phone_info"]

    assert (number["phoneNumber"], number["purePhoneNumber"], number["countryCode"]) == (
        "+85261234567",
        "61234567",
        "852",
    )
    assert number["watermark"]["appid"] == "wx-other"


async def check(caller: Caller, openid: str, content: str = "请尽快审核", **changes: object) -> Any:
    body = {"content": content, "version": 2, "scene": 2, "openid": openid, **changes}
    return await caller.mini_api("/wxa/msg_sec_check", body)


@pytest.mark.parametrize(
    ("content", "suggest", "label"),
    [("请尽快审核", "pass", 100), ("代开发票", "risky", 20006), ("加微信详谈", "review", 20001)],
)
async def test_a_text_is_given_an_opinion(caller: Caller, phone: Phone, content: str, suggest: str, label: int) -> None:
    await caller.visit(phone)

    answer = await check(caller, phone.mini_openid, content)

    assert (answer["errcode"], answer["result"]) == (0, {"suggest": suggest, "label": label})


async def test_risky_words_are_a_switch(caller: Caller, phone: Phone) -> None:
    await caller.visit(phone)
    await caller.post("/_/switches", {"risky_words": ["审核"]})

    assert (await check(caller, phone.mini_openid))["result"]["suggest"] == "risky"


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"version": 1}, 47001), ({"scene": 5}, 40129), ({"content": ""}, 44002), ({"content": "长" * 2501}, 47001)],
)
async def test_a_wrong_question_about_a_text_is_refused(
    caller: Caller, phone: Phone, changes: dict[str, Any], code: int
) -> None:
    await caller.visit(phone)

    assert (await check(caller, phone.mini_openid, **changes))["errcode"] == code


async def test_a_text_is_judged_only_of_one_who_was_there_within_two_hours(
    caller: Caller, phone: Phone, time: Time
) -> None:
    never = await check(caller, phone.mini_openid)
    await caller.visit(phone)
    time.later = 7100
    lately = await check(caller, phone.mini_openid)
    time.later = 7300
    long_ago = await check(caller, phone.mini_openid)

    assert [answer["errcode"] for answer in (never, lately, long_ago)] == [40003, 0, 40003]


async def test_a_text_of_another_apps_openid_or_nobodys_is_not_judged(caller: Caller, phone: Phone) -> None:
    assert (await check(caller, phone.openid))["errcode"] == 43104
    assert (await check(caller, "nobody"))["errcode"] == 40003


async def test_a_token_of_the_service_account_opens_nothing_here(caller: Caller) -> None:
    answer = await caller.api("/wxa/msg_sec_check", {})

    assert answer["errcode"] == 40001
