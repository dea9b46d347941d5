"""Which deliveries a worker takes, begins and gives back."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from models.messages import Channel, Delivery, DeliveryState, SendingPause
from server import clock
from server.messages.leases import due, give_back, still_due, take
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, bound_firm, lease_due, tell_done


@pytest.fixture(autouse=True)
async def nothing_else_is_due(database: Engine) -> None:
    await Delivery.all().delete()


async def bound_firms(world: MessageWorld, count: int) -> None:
    for _ in range(count):
        firm, _ = await bound_firm(world)
        await tell_done(world, firm)


async def test_what_another_has_settled_or_taken_meanwhile_is_not_taken(world: MessageWorld) -> None:
    await bound_firms(world, 4)
    seen = await due(Channel.WECHAT, 4)
    await Delivery.filter(id=seen[0].id).update(state=DeliveryState.SENT)
    await Delivery.filter(id=seen[1].id).update(attempts=1)
    await Delivery.filter(id=seen[2].id).update(next_at=clock.now() + timedelta(minutes=1))

    taken = await take(seen)

    assert taken == seen[3:]
    assert [(await Delivery.get(id=row.id)).attempts for row in seen] == [0, 1, 0, 1]
    assert (await Delivery.get(id=seen[3].id)).lease == taken[0].lease


async def test_an_attempt_that_may_have_arrived_keeps_the_time_of_the_first(world: MessageWorld) -> None:
    await bound_firms(world, 2)
    first, before = clock.now() - timedelta(minutes=1), clock.now()
    doubted = (await Delivery.all().order_by("id"))[1]
    await Delivery.filter(id=doubted.id).update(first_attempt_at=first, attempts=1, state=DeliveryState.IN_DOUBT)

    taken = {row.id: row for row in await lease_due(Channel.WECHAT, 2)}

    new = next(id_ for id_ in taken if id_ != doubted.id)
    begun = (await Delivery.get(id=new)).first_attempt_at
    assert begun is not None
    assert before <= begun <= clock.now()
    assert ((await Delivery.get(id=doubted.id)).first_attempt_at, taken[doubted.id].first_attempt_at) == (first, first)
    assert (taken[new].first_attempt_at, taken[new].attempts) == (None, 0)


async def test_what_is_settled_without_a_try_must_still_be_as_it_was_seen(world: MessageWorld) -> None:
    await bound_firms(world, 2)
    seen = await due(Channel.WECHAT, 2)
    await take(seen[:1])

    as_seen = [await Delivery.filter(**still_due(row)).count() for row in seen]

    assert as_seen == [0, 1]


async def test_no_more_is_leased_than_asked_for_and_the_oldest_first(world: MessageWorld) -> None:
    await bound_firms(world, 3)
    oldest = (await Delivery.all().order_by("id"))[1]
    await Delivery.filter(id=oldest.id).update(next_at=clock.now() - timedelta(hours=1))

    first = await lease_due(Channel.WECHAT, 1)
    others = await lease_due(Channel.WECHAT, 10)

    assert [row.id for row in first] == [oldest.id]
    assert len(others) == 2


async def test_a_notice_to_many_is_sent_after_all_else(world: MessageWorld) -> None:
    await bound_firms(world, 3)
    notice, *others = await Delivery.all().order_by("id")
    await Delivery.filter(id=notice.id).update(bulk=True, next_at=clock.now() - timedelta(hours=1))

    one = await lease_due(Channel.WECHAT, 1)
    await Delivery.filter(id=one[0].id).update(state=DeliveryState.PENDING, next_at=clock.now())
    leased = await lease_due(Channel.WECHAT, 10)

    assert one[0].bulk is False
    assert {row.id for row in leased[:-1]} == {row.id for row in others}
    assert leased[-1].id == notice.id


@pytest.fixture
async def pauses_end() -> AsyncIterator[None]:
    yield
    await SendingPause.all().delete()


@pytest.mark.usefixtures("pauses_end")
async def test_a_template_or_channel_that_is_held_is_left_alone(world: MessageWorld) -> None:
    await bound_firms(world, 2)
    held = await Delivery.all().first()
    assert held is not None
    await Delivery.filter(id=held.id).update(template="held")

    await SendingPause.create(created_at=clock.now(), scope="template:held", by="测试")
    rest = await due(Channel.WECHAT, 10)
    await SendingPause.create(created_at=clock.now(), scope="channel:wechat", by="测试")
    nothing = await due(Channel.WECHAT, 10)

    assert held.id not in {row.id for row in rest}
    assert (len(rest), nothing) == (1, [])


async def test_what_another_has_taken_over_is_not_given_back(world: MessageWorld) -> None:
    await bound_firms(world, 3)
    taken = await lease_due(Channel.WECHAT, 3)
    await Delivery.filter(id=taken[0].id).update(state=DeliveryState.IN_DOUBT)
    await Delivery.filter(id=taken[1].id).update(lease="another's")

    await give_back(taken)

    due_again = [(await Delivery.get(id=row.id)).next_at <= clock.now() for row in taken]
    assert due_again == [False, False, True]


async def test_what_is_given_back_is_as_it_was_before_it_was_taken(world: MessageWorld) -> None:
    await bound_firms(world, 3)
    first = clock.now() - timedelta(minutes=1)
    rows = await Delivery.all().order_by("id")
    await Delivery.filter(id=rows[1].id).update(attempts=2, state=DeliveryState.IN_DOUBT, first_attempt_at=first)
    await Delivery.filter(id=rows[2].id).update(attempts=2)

    await give_back([row for _ in range(3) for row in await lease_due(Channel.WECHAT, 1)])

    back = [await Delivery.get(id=row.id) for row in rows]
    assert [(row.attempts, row.first_attempt_at) for row in back] == [(0, None), (2, first), (2, None)]
    assert {row.id for row in await lease_due(Channel.WECHAT, 3)} == {row.id for row in rows}
