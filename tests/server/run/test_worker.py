"""The worker as a whole: sends, acts on callbacks, beats, and stops cleanly."""

import asyncio
import os
from functools import partial

import pytest

from config.settings import WechatSettings
from models.messages import Channel
from models.work import Heartbeat
from server.messages.announce import announce
from server.messages.callbacks import handle_due, store_callback
from server.messages.channels import Outcome, Outgoing
from server.messages.events import ApplicationEvent
from server.run.inbound import handle_callback
from server.run.jobs import Job
from server.run.loops import Worker
from server.run.worker import bounds
from tests.engines.engine import Engine
from tests.fakes_messages import FakeSender, MessageWorld, contact_of, only_delivery, states_of
from tests.fakes_wechat import FakeFollowers

_EVENT = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName><CreateTime>1765000000</CreateTime>"
    "<MsgType>event</MsgType>{rest}</xml>"
)


@pytest.fixture
def world(database: Engine) -> MessageWorld:
    return MessageWorld()


def event(openid: str, rest: str) -> str:
    return _EVENT.format(openid=openid, rest=rest)


class Told(FakeSender):
    """Says when this mobile has a text; others' may be due as well."""

    def __init__(self, mobile: str) -> None:
        super().__init__(with_receipts=False)
        self.mobile, self.first = mobile, asyncio.Event()

    async def send(self, outgoing: Outgoing) -> Outcome:
        if outgoing.address == self.mobile:
            self.first.set()
        return await super().send(outgoing)


async def own_beats() -> int:
    return await Heartbeat.filter(owner__endswith=f":{os.getpid()}").count()


async def test_a_worker_sends_beats_runs_its_jobs_and_stops(world: MessageWorld) -> None:
    firm = await world.firm()
    application = await world.application(firm)
    sms, ran = Told(contact_of(firm)), asyncio.Event()

    async def work() -> None:
        ran.set()

    worker = Worker({Channel.SMS: sms, Channel.WECHAT: FakeSender()}, (Job("work", 60.0, work),), FakeFollowers())
    running = asyncio.create_task(worker.run())
    await ran.wait()
    beating = await own_beats()
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))
    await sms.first.wait()
    worker.stopping.set()
    await running

    assert len(sms.to(contact_of(firm))) == 1
    assert await states_of(firm) == ["delivered"]
    assert beating == 1
    assert await own_beats() == 0


async def test_a_stored_callback_decides_how_the_next_message_goes(world: MessageWorld) -> None:
    firm = await world.firm()
    openid = await world.binding(firm)

    class Pushed:
        app, unique_key, text = "official_account", openid, event(openid, "<Event>unsubscribe</Event>")

    await store_callback(Pushed())
    await handle_due(partial(handle_callback, followers=FakeFollowers()))
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))

    assert (await only_delivery(firm)).channel is Channel.SMS


@pytest.mark.parametrize(("rate", "expected"), [(5000.0, (64, 512)), (100.0, (64, 50)), (2.0, (10, 1)), (0.01, (1, 1))])
def test_no_more_is_taken_on_than_is_soon_sent(rate: float, expected: tuple[int, int]) -> None:
    assert bounds(WechatSettings(connections=64, sends_per_second=rate)) == expected
