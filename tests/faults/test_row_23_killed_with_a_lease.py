"""Row 23: a worker dies with a delivery leased and nobody called. The lease expires, it is sent once."""

from models.messages import Channel, Delivery
from tests.faults.rig import A_LEASE_LATER, Rig
from tests.server.http.waiting import until


async def test_the_next_worker_sends_it_once(rig: Rig) -> None:
    async with rig.serve() as site:
        client = await rig.client()
        openid = await rig.phone_of(client)
        await (await client.order()).book(site.url, rig.slot)
        await Delivery.filter(channel=Channel.SMS).delete()  # another lane, which might meet the failpoint first
    async with rig.work("delivery.leased=kill") as dying:
        await dying.wait()
    assert rig.shown_on(openid) == 0

    async with rig.work(clock_offset_seconds=A_LEASE_LATER):
        await until(rig.has_sent, "the delivery")

    assert rig.shown_on(openid) == 1
