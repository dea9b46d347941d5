"""Row 11: COMMIT was sent, its reply never came. The answer is the truth or "unknown", never "refused"."""

from tests.faults.rig import Rig

COMMIT = b"\x03COMMIT"  # the command, not the name of the isolation level


async def test_the_key_is_looked_up_and_answered(rig: Rig) -> None:
    async with rig.serve() as site:
        await rig.warm(site.url)  # a new connection says COMMIT too, when it is set up
        order = await rig.order(2)
        rig.database_proxy.drop_reply_to(COMMIT)

        status, booking = await order.book(site.url, rig.slot)

        await rig.database_proxy.dropped()
        assert (status, booking["people"]) == (201, 2)
        await rig.check_after_a_hold(site.url)


async def test_unknown_is_said_when_nobody_can_be_asked(rig: Rig) -> None:
    async with rig.serve() as site:
        await rig.warm(site.url)  # a new connection says COMMIT too, when it is set up
        order = await rig.order(2)
        rig.database_proxy.drop_reply_to(COMMIT, then_refuse=True)

        status, answer = await order.book(site.url, rig.slot)
        rig.database_proxy.accept()
        again, booking = await order.book(site.url, rig.slot)

        assert (status, answer["code"]) == (503, "outcome_unknown")
        assert (again, booking["people"]) == (201, 2)
        await rig.check()
