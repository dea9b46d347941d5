"""The client against a simulated WeChat: what a dead token, a lost answer and a refused connection cost."""

import aiohttp
import pytest

from config.settings import WechatSettings
from server.gateways.wechat.client import AsyncWechatClient
from server.gateways.wechat.errors import ApiError, CallFailed, NotSent, UnknownOutcome
from server.gateways.wechat.transport import open_http
from tests.engines.servers import free_port
from tests.server.gateways.wechat.conftest import MemoryShelf, template_message
from tests.simulator.app import Simulator
from tests.simulator.faults import Fault

SENDS, TOKENS = "cgi-bin/message/template/send", "cgi-bin/stable_token"


async def test_a_token_that_is_called_bad_for_ever_stops_after_one_retry(
    simulator: Simulator, client: AsyncWechatClient, follower: str
) -> None:
    simulator.faults.add(Fault(endpoint="template/send", errcode=40001, times=100))

    with pytest.raises(ApiError) as refused:
        await client.send_template(template_message(follower))

    assert refused.value.code == 40001
    assert simulator.platform.counters[SENDS] == 2
    assert simulator.platform.counters[TOKENS] == 2


@pytest.mark.parametrize("code", [40014, 42001])
async def test_every_kind_of_bad_token_is_replaced(
    simulator: Simulator, client: AsyncWechatClient, follower: str, code: int
) -> None:
    simulator.faults.add(Fault(endpoint="template/send", errcode=code))

    assert await client.send_template(template_message(follower))


async def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_open(
    setup: WechatSettings, simulator: Simulator, shelf: MemoryShelf, client: AsyncWechatClient, follower: str
) -> None:
    await client.create_qr("warm", 60)
    simulator.faults.add(Fault(endpoint="template/send", delay=600))

    async with open_http(timeout=aiohttp.ClientTimeout(sock_read=0.2)) as impatient:
        hasty = AsyncWechatClient(setup.official_account, simulator.url, impatient, shelf)
        with pytest.raises(UnknownOutcome):
            await hasty.send_template(template_message(follower))

    assert len(simulator.platform.phone(follower).messages) == 1


async def test_a_lost_answer_repeated_with_the_same_name_is_seen_once(
    simulator: Simulator, client: AsyncWechatClient, follower: str
) -> None:
    simulator.faults.add(Fault(endpoint="template/send", drop="reply"))
    with pytest.raises(UnknownOutcome):
        await client.send_template(template_message(follower))

    msgid = await client.send_template(template_message(follower))

    (shown,) = simulator.platform.phone(follower).messages
    assert msgid == str(shown.msgid)


async def test_a_refused_connection_took_nothing(setup: WechatSettings, http: aiohttp.ClientSession) -> None:
    nobody = AsyncWechatClient(setup.official_account, f"http://127.0.0.1:{free_port()}", http, MemoryShelf())

    with pytest.raises(NotSent):
        await nobody.send_template(template_message("o1"))


@pytest.mark.parametrize(("status", "kind"), [(502, NotSent), (503, NotSent), (504, UnknownOutcome), (404, NotSent)])
async def test_a_proxys_answer_is_not_wechats(
    simulator: Simulator, client: AsyncWechatClient, follower: str, status: int, kind: type[CallFailed]
) -> None:
    simulator.faults.add(Fault(endpoint="template/send", status=status))

    with pytest.raises(kind):
        await client.send_template(template_message(follower))


@pytest.mark.parametrize("fault", [{"drop": "reply"}, {"drop": "request"}, {"status": 504}])
async def test_no_token_means_that_the_message_never_left(
    simulator: Simulator, client: AsyncWechatClient, follower: str, fault: dict[str, str]
) -> None:
    simulator.faults.add(Fault.model_validate({"endpoint": "stable_token", **fault}))

    with pytest.raises(NotSent):
        await client.send_template(template_message(follower))

    assert simulator.platform.counters[SENDS] == 0


async def test_a_wrong_secret_is_wechats_word_and_not_asked_again(
    setup: WechatSettings, simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    app = setup.official_account.model_copy(update={"secret": setup.mini_program.secret})
    client = AsyncWechatClient(app, simulator.url, http, MemoryShelf())

    with pytest.raises(ApiError) as refused:
        await client.create_qr("scene", 60)

    assert (refused.value.code, refused.value.endpoint) == (40125, TOKENS)
    assert simulator.platform.counters[TOKENS] == 1


@pytest.mark.parametrize("fault", [{"drop": "reply"}, {"status": 502}, {"errcode": 40226}])
async def test_no_error_text_carries_a_secret(
    setup: WechatSettings, simulator: Simulator, client: AsyncWechatClient, fault: dict[str, str]
) -> None:
    # The secret stands in this call's query. A GET on a kept connection is repeated by aiohttp: two faults.
    simulator.faults.add(Fault.model_validate({"endpoint": "jscode2session", "times": 2, **fault}))

    with pytest.raises(CallFailed) as failure:
        await client.code_to_session("code")

    assert setup.official_account.secret.get_secret_value() not in f"{failure.value!r} {failure.value}"


async def test_a_qr_code_carries_its_scene_for_as_long_as_asked(
    simulator: Simulator, client: AsyncWechatClient
) -> None:
    made = await client.create_qr("scene-of-a-ticket", 300)

    known = simulator.platform.qr_codes[made.ticket]
    assert (known.scene, made.seconds) == ("scene-of-a-ticket", 300)
    assert made.url.startswith(simulator.url)


async def test_wechatpys_own_calls_work_awaited(simulator: Simulator, client: AsyncWechatClient) -> None:
    scene = {"action_name": "QR_STR_SCENE", "expire_seconds": 60, "action_info": {"scene": {"scene_str": "s"}}}

    answer = await client.qrcode.create(scene)

    assert answer["ticket"] in simulator.platform.qr_codes


def test_wechatpys_blocking_token_cannot_be_used_by_mistake(client: AsyncWechatClient) -> None:
    assert not hasattr(client, "access_token")
