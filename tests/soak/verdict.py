"""What must be true when the storm is over: invariants I1-I8 (reliability §1)."""

from collections import Counter
from typing import Any

from models.accounts import WechatBinding
from models.messages import Channel, Delivery, DeliveryState, Message
from server.appointments.hold import load
from server.appointments.places import read_slot
from server.appointments.slots import Slot
from tests.faults.ledger import CAPACITY
from tests.server.http.waiting import until
from tests.soak.actors import Crowd

_CALM = 60.0  # seconds: a hold, a lease and the worker's catching up
_UNSETTLED = (DeliveryState.PENDING, DeliveryState.SENDING)


async def violations(crowd: Crowd) -> list[str]:
    town, slots = crowd.town, crowd.town.slots()
    await until(town.is_whole, "a service that is whole again", 30)
    for slot in slots:
        await until(lambda slot=slot: _counts_agree(crowd, slot), f"I7: Redis counting as the table, {slot}", 30)  # type: ignore[misc]
    await until(_all_sent, "I8: every delivery sent", _CALM)
    found = await crowd.ledger.violations(slots) + await _said_twice(crowd)
    return found + [fault for slot in slots for fault in await _unfillable(crowd, slot)]


async def _counts_agree(crowd: Crowd, slot: Slot) -> bool:
    gate = crowd.town.world.gate
    [free] = await gate.count([slot])
    if free is None:
        await load(slot, gate)
        [free] = await gate.count([slot])
    return free == CAPACITY - len((await read_slot(slot))[1])


async def _unfillable(crowd: Crowd, slot: Slot) -> list[str]:
    """I6: one place at a time, exactly what is free is accepted."""
    free = CAPACITY - len((await read_slot(slot))[1])
    newcomers = [await crowd.newcomer() for _ in range(free + 1)]
    answers = [(await (await firm.order()).book(crowd.town.url, slot))[0] for firm in newcomers]
    return [] if answers == [201] * free + [409] else [f"I6 {slot}: {free} free, answered {answers}"]


async def _all_sent() -> bool:
    return not await Delivery.filter(channel=Channel.WECHAT, state__in=_UNSETTLED).exists()


async def _said_twice(crowd: Crowd) -> list[str]:
    """I8: an event is one message in the app, and on the phone no more than there were deliveries."""
    messages = await Message.all().values_list("occurrence", "account_id")
    found = [f"I8 {key}: {n} messages" for key, n in Counter(messages).items() if n > 1]
    deliveries = Counter(await Delivery.filter(channel=Channel.WECHAT).values_list("recipient", flat=True))
    for binding in await WechatBinding.filter(account_id__in=[firm.account_id for firm in crowd.firms]):
        shown = [message for message in await _shown(crowd, binding.openid) if message["kind"] == "template"]
        if len(shown) > deliveries[f"binding:{binding.id}"]:
            found.append(f"I8 {binding.openid}: {len(shown)} shown of {deliveries[f'binding:{binding.id}']}")
    return found


async def _shown(crowd: Crowd, openid: str) -> list[dict[str, Any]]:
    async with crowd.town.http.get(f"{crowd.town.simulator}/_/phones/{openid}/messages") as answer:
        found: list[dict[str, Any]] = await answer.json()
        return found
