"""What the mini program is told to ask its user for: what can follow, the scarcest first, at most three."""

from datetime import timedelta

import pytest

from models.accounts import Account, LoginSession, WechatBinding
from models.base import new_id
from server import clock
from server.messages.consents import list_consents, templates_to_ask
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld

PROGRESS, VISIT = "SUBSCRIBE-PROGRESS", "SUBSCRIBE-VISIT"


@pytest.fixture
def world(database: Engine) -> MessageWorld:
    return MessageWorld()


async def logged_in(account: Account, client: str) -> LoginSession:
    now, token = clock.now(), new_id().hex
    return await LoginSession.create(
        created_at=now,
        account_id=account.id,
        token_hash=token,
        client=client,
        epoch=0,
        last_used_at=now,
        expires_at=now + timedelta(hours=1),
    )


async def test_a_browser_is_told_nothing(world: MessageWorld) -> None:
    firm = await world.firm()
    session = await logged_in(firm, "browser")

    assert await templates_to_ask(firm.id, session.id, "submit") == []


async def test_what_can_follow_comes_in_the_order_of_the_file_when_nothing_was_agreed(world: MessageWorld) -> None:
    firm = await world.firm()
    session = await logged_in(firm, "mini_program")

    assert await templates_to_ask(firm.id, session.id, "submit") == [PROGRESS, VISIT]
    assert await templates_to_ask(firm.id, session.id, "book") == [VISIT, PROGRESS]


async def test_the_scarcest_comes_first(world: MessageWorld) -> None:
    firm = await world.firm()
    await world.phone(firm, VISIT, VISIT, PROGRESS)
    session = await logged_in(firm, "mini_program")

    assert await templates_to_ask(firm.id, session.id, "book") == [PROGRESS, VISIT]


async def test_the_phone_used_last_is_the_one_at_hand(world: MessageWorld) -> None:
    firm = await world.firm()
    former, present = await world.phone(firm, VISIT, VISIT), await world.phone(firm, PROGRESS)
    await WechatBinding.filter(openid=former).update(last_used_at=clock.now() - timedelta(days=1))
    await WechatBinding.filter(openid=present).update(last_used_at=clock.now())

    found = {consent.template_id: consent.credits for consent in await list_consents(firm.id)}

    assert found == {PROGRESS: 1, VISIT: 0}


async def test_every_template_is_listed_with_its_title(world: MessageWorld) -> None:
    firm = await world.firm()

    found = [(consent.template_id, consent.title, consent.credits) for consent in await list_consents(firm.id)]

    assert found == [(PROGRESS, "业务办理进度提醒", 0), (VISIT, "现场办理预约提醒", 0)]
