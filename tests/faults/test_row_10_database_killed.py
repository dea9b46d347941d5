"""Row 10: the database is killed in a transaction. 503, nothing stands; the same process works on when it is back."""

import asyncio
from pathlib import Path

from models.appointments import Visit
from tests.faults.rig import Rig
from tests.server.http.waiting import until


async def test_a_clear_answer_and_a_pool_that_recovers(mortal_rig: Rig) -> None:
    rig = mortal_rig
    async with rig.serve("booking.in_transaction=sleep:3") as site:
        order = await rig.order(2)
        under_way = asyncio.create_task(order.book(site.url, rig.slot))
        await until(lambda: rig.has_reached("booking.in_transaction"), "its transaction")
        rig.mariadb.kill()

        status, answer = await under_way
        rig.mariadb.start()
        again, _ = await order.book(site.url, rig.slot)

        assert (status, answer["code"], again) == (503, "database_down", 201)
        assert await Visit.filter(place_no__isnull=False).count() == 2
        await rig.check_after_a_hold(site.url)


async def test_a_worker_that_starts_meanwhile_waits_for_it(mortal_rig: Rig) -> None:
    """It would end with each try, and the whole service with the fifth in a minute."""
    rig = mortal_rig
    async with rig.serve() as site:
        client = await rig.client()
        openid = await rig.phone_of(client)
        await (await client.order()).book(site.url, rig.slot)
    rig.mariadb.kill()
    log = rig.engine.home / "worker.log"

    async with rig.work() as worker:
        await until(lambda: _complains(log), "its complaint")
        rig.mariadb.start()
        await until(rig.has_sent, "the delivery")

        assert worker.returncode is None
    assert rig.shown_on(openid) == 1


async def _complains(log: Path) -> bool:
    return '"loop":"jobs"' in await asyncio.to_thread(log.read_text)
