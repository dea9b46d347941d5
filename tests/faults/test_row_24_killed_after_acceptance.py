"""Row 24: WeChat said yes, the worker died before it wrote that down. Sent again under the same id: shown once."""

from models.messages import Channel, Delivery, DeliveryState
from tests.faults.rig import Rig
from tests.server.http.waiting import until

A_LEASE_LATER = "61"  # seconds by which the next worker's clock is ahead


async def test_the_person_sees_it_once(rig: Rig) -> None:
    async with rig.serve() as site:
        client = await rig.client()
        openid = await rig.phone_of(client)
        await (await client.order()).book(site.url, rig.slot)
        await Delivery.filter(channel=Channel.SMS).delete()  # another lane, which might meet the failpoint first
    async with rig.work("delivery.accepted=kill") as dying:
        await dying.wait()
    counted = rig.site.simulator.platform.counters

    async with rig.work(clock_offset_seconds=A_LEASE_LATER):
        await until(_is_sent, "the delivery")

    assert rig.shown_on(openid) == 1
    assert (counted["template/send accepted"], counted["template/send repeated"]) == (2, 1)


async def _is_sent() -> bool:
    states = (DeliveryState.SENT, DeliveryState.DELIVERED)
    return await Delivery.filter(channel=Channel.WECHAT, state__in=states).exists()
