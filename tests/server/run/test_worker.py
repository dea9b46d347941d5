"""The worker as a whole: sends, acts on callbacks, beats, and stops cleanly."""

import asyncio
import os

import pytest

from models.accounts import WechatBinding
from models.messages import Channel
from models.work import Heartbeat
from server.messages.announce import announce
from server.messages.callbacks import handle_due, store_callback
from server.messages.events import ApplicationEvent
from server.run.inbound import handle_callback
from server.run.jobs import Job
from server.run.loops import Worker
from tests.engines.engine import Engine
from tests.fakes_messages import FakeSender, MessageWorld, contact_of, only_delivery, states_of

_EVENT = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName><CreateTime>1765000000</CreateTime>"
    "<MsgType>event</MsgType>{rest}</xml>"
)


@pytest.fixture
def world(database: Engine) -> MessageWorld:
    return MessageWorld()


def event(openid: str, rest: str) -> str:
    return _EVENT.format(openid=openid, rest=rest)


async def test_unfollowing_and_following_again_changes_what_can_be_reached(world: MessageWorld) -> None:
    openid = await world.binding(await world.firm())

    await handle_callback("official_account", event(openid, "<Event>unsubscribe</Event>"))
    gone = (await WechatBinding.get(openid=openid)).reachable
    subscribed = event(openid, "<Event>subscribe</Event><EventKey></EventKey>")
    await handle_callback("official_account", subscribed)

    assert gone is False
    assert (await WechatBinding.get(openid=openid)).reachable is True


async def test_a_receipt_waits_for_its_message_and_other_events_do_not(world: MessageWorld) -> None:
    receipt = "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>404</MsgID><Status>success</Status>"

    assert await handle_callback("official_account", event("o1", receipt)) is False
    assert await handle_callback("official_account", event("o1", "<Event>VIEW</Event><EventKey>x</EventKey>")) is True


class Told(FakeSender):
    """Says when the first text has come."""

    def __init__(self) -> None:
        super().__init__(with_receipts=False)
        self.first = asyncio.Event()

    async def send(self, outgoing):  # type: ignore[no-untyped-def]
        self.first.set()
        return await super().send(outgoing)


async def own_beats() -> int:
    return await Heartbeat.filter(owner__endswith=f":{os.getpid()}").count()


async def test_a_worker_sends_beats_runs_its_jobs_and_stops(world: MessageWorld) -> None:
    firm = await world.firm()
    application = await world.application(firm)
    sms, ran = Told(), asyncio.Event()

    async def work() -> None:
        ran.set()

    worker = Worker({Channel.SMS: sms, Channel.WECHAT: FakeSender()}, (Job("work", 60.0, work),))
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
        app, unique_key, xml = "official_account", openid, event(openid, "<Event>unsubscribe</Event>")

    await store_callback(Pushed())
    await handle_due(handle_callback)
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))

    assert (await only_delivery(firm)).channel is Channel.SMS
