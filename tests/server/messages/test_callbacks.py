"""The inbox of callbacks: once each, kept until dealt with, receipts that come early."""

from collections.abc import Callable
from dataclasses import dataclass, field

from models.base import new_id
from models.messages import CallbackEvent, Channel
from server.messages.announce import announce
from server.messages.callbacks import forget_handled, handle_due, store_callback
from server.messages.deliver import client_msg_id
from server.messages.events import ApplicationEvent
from server.messages.outcomes import settle_receipt
from tests.fakes_messages import MessageWorld, Outside, arrived, only_delivery, states_of


@dataclass(frozen=True)
class Pushed:
    app: str = "official_account"
    unique_key: str = field(default_factory=lambda: new_id().hex)
    text: str = "<xml/>"


@dataclass
class Hands:
    """Deals with callbacks whose text it was told to know."""

    knows: set[str] = field(default_factory=set)
    given: list[str] = field(default_factory=list)
    breaks_on: str = ""

    async def handle(self, app: str, text: str) -> bool:
        self.given.append(text)
        if text == self.breaks_on:
            raise ZeroDivisionError
        return text in self.knows


async def test_a_repeated_push_is_kept_once(world: MessageWorld) -> None:
    pushed = Pushed(text="<xml>one</xml>")
    hands = Hands({pushed.text})

    kept = [await store_callback(pushed), await store_callback(pushed)]
    await handle_due(hands.handle)
    await handle_due(hands.handle)

    assert kept == [True, False]
    assert hands.given.count(pushed.text) == 1


async def test_the_same_key_of_another_app_is_another_callback(world: MessageWorld) -> None:
    key = new_id().hex

    kept = [await store_callback(Pushed(app=app, unique_key=key)) for app in ("official_account", "mini_program")]

    assert kept == [True, True]


async def test_what_was_pushed_is_sealed(world: MessageWorld) -> None:
    pushed = Pushed(text="<xml>o-secret-openid</xml>")

    await store_callback(pushed)

    assert "o-secret-openid" not in (await CallbackEvent.get(unique_key=pushed.unique_key)).body


async def test_what_cannot_be_dealt_with_yet_comes_round_again(world: MessageWorld, later: Callable[..., None]) -> None:
    pushed, hands = Pushed(text="<xml>early</xml>"), Hands()
    await store_callback(pushed)

    await handle_due(hands.handle)
    hands.knows.add(pushed.text)
    later(seconds=10)
    await handle_due(hands.handle)
    later(minutes=10)
    await handle_due(hands.handle)

    assert hands.given.count(pushed.text) == 2


async def test_one_that_cannot_be_read_or_handled_holds_up_no_other(
    world: MessageWorld, later: Callable[..., None]
) -> None:
    unreadable, broken, good = (Pushed(text=f"<xml>{name}</xml>") for name in ("unreadable", "broken", "good"))
    hands = Hands({good.text}, breaks_on=broken.text)
    for pushed in (unreadable, broken, good):
        await store_callback(pushed)
    await CallbackEvent.filter(unique_key=unreadable.unique_key).update(body="k9.AAAA")

    await handle_due(hands.handle)
    hands.breaks_on = ""
    hands.knows.add(broken.text)
    later(seconds=10)
    await handle_due(hands.handle)

    rows = [await CallbackEvent.get(unique_key=pushed.unique_key) for pushed in (unreadable, broken, good)]
    assert [row.handled_at is not None for row in rows] == [False, True, True]
    assert hands.given.count(good.text) == 1


async def test_after_a_day_nobody_waits_any_more(world: MessageWorld, later: Callable[..., None]) -> None:
    pushed, hands = Pushed(text="<xml>never</xml>"), Hands()
    await store_callback(pushed)

    later(hours=25)
    await handle_due(hands.handle)

    assert (await CallbackEvent.get(unique_key=pushed.unique_key)).handled_at is not None


async def test_an_early_receipt_joins_when_its_number_is_known(
    world: MessageWorld, outside: Outside, later: Callable[..., None]
) -> None:
    firm = await world.firm()
    await world.binding(firm)
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))
    number = client_msg_id((await only_delivery(firm)).id)
    await store_callback(Pushed(text=number))

    async def settle(app: str, text: str) -> bool:
        return await settle_receipt(Channel.WECHAT, arrived(text)) if text == number else True

    await handle_due(settle)
    await outside.deliver_all()
    before = await states_of(firm)
    later(seconds=10)
    await handle_due(settle)

    assert before == ["sent"]
    assert await states_of(firm) == ["delivered"]


async def test_what_was_dealt_with_is_forgotten_after_a_week(world: MessageWorld, later: Callable[..., None]) -> None:
    pushed, hands = Pushed(text="<xml>old</xml>"), Hands({"<xml>old</xml>"})
    await store_callback(pushed)
    await handle_due(hands.handle)

    later(hours=24 * 8)
    await forget_handled()

    assert not await CallbackEvent.filter(unique_key=pushed.unique_key).exists()
