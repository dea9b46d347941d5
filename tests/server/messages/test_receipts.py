"""A provider's later word: what it writes, and whether it is to be asked again."""

import pytest

from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.messages.channels import Delivered, Failed, Receipt, Refused
from server.messages.outcomes import settle_receipt
from tests.fakes_messages import MessageWorld, Outside, bound_firm, lease_due, only_delivery, states_of, tell_done


async def sent(world: MessageWorld, outside: Outside) -> Delivery:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    await outside.deliver_all()
    return await only_delivery(firm)


@pytest.mark.parametrize(
    ("outcome", "state", "code", "reason"),
    [
        (Delivered(), DeliveryState.DELIVERED, "", ""),
        (Refused("user_block", "用户拒收"), DeliveryState.REFUSED, "user_block", "用户拒收"),
        (Failed("system_failed", "发送失败"), DeliveryState.FAILED, "system_failed", "发送失败"),
    ],
)
async def test_a_receipt_says_how_when_and_why_it_ended(
    world: MessageWorld,
    outside: Outside,
    outcome: Delivered | Refused | Failed,
    state: DeliveryState,
    code: str,
    reason: str,
) -> None:
    row, before = await sent(world, outside), clock.now()

    assert await settle_receipt(Channel.WECHAT, Receipt(str(row.provider_id), outcome))

    ended = await Delivery.get(id=row.id)
    assert (ended.state, ended.error_code, ended.reason) == (state, code, reason)
    assert ended.ended_at is not None
    assert before <= ended.ended_at <= clock.now()


async def test_a_receipt_that_names_the_delivery_brings_the_number(world: MessageWorld, outside: Outside) -> None:
    row = await sent(world, outside)
    await Delivery.filter(id=row.id).update(state=DeliveryState.IN_DOUBT, provider_id=None)

    assert await settle_receipt(Channel.WECHAT, Receipt(row.id.hex, Delivered(), row.id))

    settled = await Delivery.get(id=row.id)
    assert (settled.state, settled.provider_id) == (DeliveryState.DELIVERED, row.id.hex)


async def test_a_receipt_of_a_message_that_nobody_knows_is_asked_again(world: MessageWorld) -> None:
    assert not await settle_receipt(Channel.WECHAT, Receipt("unheard-of", Delivered()))


async def test_a_receipt_that_is_quicker_than_the_answer_is_asked_again(world: MessageWorld) -> None:
    firm, _ = await bound_firm(world)
    await tell_done(world, firm)
    await lease_due(Channel.WECHAT, 1000)
    row = await only_delivery(firm)

    assert not await settle_receipt(Channel.WECHAT, Receipt(row.id.hex, Delivered(), row.id))
    assert await states_of(firm) == ["sending"]


async def test_a_receipt_by_person_whose_delivery_another_has_ended_is_asked_again(
    world: MessageWorld, outside: Outside
) -> None:
    row = await sent(world, outside)
    await Delivery.filter(id=row.id).update(state=DeliveryState.DELIVERED)

    number = row.id.hex
    await Delivery.filter(id=(await sent(world, outside)).id).update(channel=Channel.SMS, provider_id=number)

    assert not await settle_receipt(Channel.WECHAT, Receipt(number, Delivered(), row.id, address="o-somebody"))


async def test_a_receipt_by_number_or_name_of_what_has_ended_changes_nothing(
    world: MessageWorld, outside: Outside
) -> None:
    row = await sent(world, outside)
    await Delivery.filter(id=row.id).update(state=DeliveryState.REFUSED)

    assert await settle_receipt(Channel.WECHAT, Receipt(str(row.provider_id), Delivered()))
    assert await settle_receipt(Channel.WECHAT, Receipt(row.id.hex, Delivered(), row.id))
    assert (await Delivery.get(id=row.id)).state is DeliveryState.REFUSED
