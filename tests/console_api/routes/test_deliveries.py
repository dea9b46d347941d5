"""The ledger as staff read it over HTTP: everything named, nothing in clear."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from console_api.routes.deliveries import list_deliveries, retry_delivery
from console_api.schemas.deliveries import DeliveryQuery
from server.audit.trail import Actor
from server.http.call import Call
from server.messages.announce import announce
from server.messages.channels import Refused
from server.messages.events import ApplicationEvent
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, Outside, contact_of


@pytest.fixture
def world(database: Engine) -> MessageWorld:
    return MessageWorld()


def admin() -> Call:
    who: Any = SimpleNamespace(actor=Actor(uuid4(), "admin (系统管理员)"))
    nothing: Any = None
    return Call(nothing, nothing, who)


async def test_a_refused_delivery_is_read_and_sent_again(world: MessageWorld) -> None:
    firm = await world.firm(mobile="13811115678")
    outside = Outside()
    outside.sms.plan[contact_of(firm)] = [Refused("empty", "空号")]
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))
    await outside.deliver_all()

    listing = await list_deliveries(admin(), DeliveryQuery(account_number=firm.number))
    (line,) = listing.items
    again = await retry_delivery(admin(), line.id)

    assert (line.state, line.state_label, line.reason) == ("refused", "对方无法接收", "空号")
    assert line.recipient == "联系人 张成 138****5678"
    assert line.next_at is None
    assert "13811115678" not in listing.model_dump_json()
    assert (again.state, again.attempts, again.can_retry) == ("pending", 0, False)
