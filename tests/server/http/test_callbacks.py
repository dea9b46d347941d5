"""WeChat's callbacks over the wire: pushed in every format, kept once, and nothing too large is read to its end."""

from functools import partial

import pytest

from models.messages import CallbackEvent
from server.messages.callbacks import BODY_LIMIT, handle_due
from server.messages.credits import balances
from server.run.inbound import handle_callback
from tests.fakes_wechat import FakeFollowers
from tests.server.http.raw import exchange, request_bytes
from tests.server.http.site import Site
from tests.simulator.phones import Phone

CALLBACKS = ["/wechat/official-account/callback", "/wechat/mini-program/callback"]
AT = pytest.mark.parametrize("path", CALLBACKS)


@pytest.fixture
def phone(engine_site: Site) -> Phone:
    engine_site.simulator.platform.reset()
    return engine_site.simulator.platform.add_phone("手机丙")


async def kept(app: str, openid: str) -> int:
    return await CallbackEvent.filter(app=app, unique_key__startswith=openid).count()


async def test_what_the_service_account_pushes_is_kept_once_however_often_it_comes(
    engine_site: Site, phone: Phone
) -> None:
    engine_site.simulator.platform.switches.copies = 2

    push = await engine_site.simulator.pushes.follow(phone)

    assert (push.acknowledged, push.tries) == (True, 1)
    assert await kept("official_account", phone.openid) == 1


@pytest.mark.parametrize("written", ["json", "xml"])
@pytest.mark.parametrize("answers", [{"T1": "accept"}, {"T1": "accept", "T2": "reject"}], ids=["one", "several"])
async def test_what_the_mini_program_pushes_is_kept_once_in_either_format(
    engine_site: Site, phone: Phone, written: str, answers: dict[str, str]
) -> None:
    switches = engine_site.simulator.platform.switches
    switches.mini_program_format, switches.copies = written, 2  # type: ignore[assignment]

    push = await engine_site.simulator.pushes.popup(phone, answers)

    assert (push.acknowledged, push.tries) == (True, 1)
    assert await kept("mini_program", phone.mini_openid) == 1


@pytest.mark.parametrize("written", ["json", "xml"])
async def test_what_was_pushed_is_what_the_worker_acts_on(engine_site: Site, phone: Phone, written: str) -> None:
    pushes, switches = engine_site.simulator.pushes, engine_site.simulator.platform.switches
    switches.mini_program_format, switches.copies = written, 1  # type: ignore[assignment]
    handle = partial(handle_callback, followers=FakeFollowers())

    await pushes.popup(phone, {"T1": "accept", "T2": "accept"})
    await handle_due(handle, limit=1000)
    agreed = await balances(phone.mini_openid)
    await pushes.switched_off(phone, "T2")
    await handle_due(handle, limit=1000)

    assert agreed == {"T1": 1, "T2": 1}
    assert await balances(phone.mini_openid) == {"T1": 1, "T2": 0}


@AT
async def test_a_body_announced_too_large_is_refused_before_it_is_sent(site: Site, path: str) -> None:
    answer = await exchange(site, request_bytes("POST", path, Content_Length=str(BODY_LIMIT + 1)))

    assert answer.said == "413 request_too_large"
    assert answer.headers["Connection"] == "close"


@AT
async def test_a_body_in_pieces_is_refused_with_the_first_piece_too_many(site: Site, path: str) -> None:
    """Its end never comes: whoever waited for that would wait for ever."""
    piece = f"{BODY_LIMIT // 2:x}\r\n".encode() + b"x" * (BODY_LIMIT // 2) + b"\r\n"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()

    answer = await exchange(site, head + piece * 2 + b"1\r\n")

    assert answer.said == "413 request_too_large"


@AT
async def test_a_body_of_the_greatest_size_is_read(site: Site, path: str) -> None:
    answer = await exchange(site, request_bytes("POST", path, b"x" * BODY_LIMIT))

    assert answer.said == "400 unreadable_callback"


async def test_no_other_app_has_a_callback(site: Site) -> None:
    answer = await exchange(site, request_bytes("POST", "/wechat/another/callback", b"<xml/>"))

    assert answer.said == "404 not_found"
