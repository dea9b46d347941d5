"""Row 25: as row 24, and the worker stays away past the window. In doubt: never resent, at last shown to staff."""

from models.messages import Channel, Delivery, DeliveryState
from tests.faults.rig import Rig
from tests.server.http.waiting import until

NINE_MINUTES, A_DAY = str(9 * 60), str(24 * 3600 + 60)


async def test_it_is_in_doubt_and_given_up_after_a_day(rig: Rig) -> None:
    rig.site.simulator.pushes.receipt_delay = 3600  # no receipt helps
    async with rig.serve() as site:
        client = await rig.client()
        openid = await rig.phone_of(client)
        await (await client.order()).book(site.url, rig.slot)
        await Delivery.filter(channel=Channel.SMS).delete()  # another lane, which might meet the failpoint first
    async with rig.work("delivery.accepted=kill") as dying:
        await dying.wait()

    async with rig.work(clock_offset_seconds=NINE_MINUTES):
        await until(lambda: _stands(DeliveryState.IN_DOUBT), "the doubt")
    async with rig.work(clock_offset_seconds=A_DAY):
        await until(lambda: _stands(DeliveryState.FAILED), "the end of waiting")

    given_up = await Delivery.get(channel=Channel.WECHAT)
    assert (given_up.error_code, given_up.reason[:4]) == ("unknown", "结果未知")
    assert rig.shown_on(openid) == 1
    assert not await Delivery.filter(channel=Channel.SMS, recipient__startswith="account:").exists()


async def _stands(state: DeliveryState) -> bool:
    return await Delivery.filter(channel=Channel.WECHAT, state=state).exists()
