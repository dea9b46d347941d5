"""Which deliveries a worker takes, begins and gives back."""

from datetime import timedelta

import pytest

from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.messages.leases import begin_attempts, give_back, lease_due
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, bound_firm, tell_done


@pytest.fixture(autouse=True)
async def nothing_else_is_due(database: Engine) -> None:
    await Delivery.all().delete()


async def bound_firms(world: MessageWorld, count: int) -> None:
    for _ in range(count):
        firm, _ = await bound_firm(world)
        await tell_done(world, firm)


async def test_what_another_has_settled_meanwhile_is_not_begun(world: MessageWorld) -> None:
    await bound_firms(world, 3)
    leased = await lease_due(Channel.WECHAT, 3)
    await Delivery.filter(id=leased[0].id).update(state=DeliveryState.SENT)
    await Delivery.filter(id=leased[1].id).update(lease="another's")

    begun = await begin_attempts(leased)

    assert begun == leased[2:]
    assert [(await Delivery.get(id=row.id)).attempts for row in leased] == [0, 0, 1]


async def test_an_attempt_that_may_have_arrived_keeps_the_time_of_the_first(world: MessageWorld) -> None:
    await bound_firms(world, 2)
    new, doubtful = await lease_due(Channel.WECHAT, 2)
    first, before = clock.now() - timedelta(minutes=1), clock.now()
    await Delivery.filter(id=doubtful.id).update(first_attempt_at=first)
    doubtful.first_attempt_at = first

    await begin_attempts([new, doubtful])

    assert (await Delivery.get(id=doubtful.id)).first_attempt_at == first
    begun = (await Delivery.get(id=new.id)).first_attempt_at
    assert begun is not None
    assert before <= begun <= clock.now()


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
    assert [row.id for row in leased] == [*(row.id for row in others), notice.id]


async def test_what_another_has_taken_over_is_not_given_back(world: MessageWorld) -> None:
    await bound_firms(world, 3)
    leased = await lease_due(Channel.WECHAT, 3)
    await Delivery.filter(id=leased[0].id).update(state=DeliveryState.IN_DOUBT)
    await Delivery.filter(id=leased[1].id).update(lease="another's")

    await give_back(leased)

    due = [(await Delivery.get(id=row.id)).next_at <= clock.now() for row in leased]
    assert due == [False, False, True]
