"""Row 16: another transaction sits on a row. Bounded retries, then 503 and the hold is given back; later it works."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pymysql

from models.appointments import Visit
from tests.faults.parties import Order
from tests.faults.rig import Rig


async def test_a_lock_that_stays_is_a_503_and_leaves_nothing(rig: Rig) -> None:
    async with rig.serve() as site:
        order = await rig.order()
        async with _sitting_on(rig, order):
            status, answer = await order.book(site.url, rig.slot)

        assert (status, answer["code"]) in ((503, "contended"), (503, "unavailable"), (503, "outcome_unknown"))
        assert await Visit.all().count() == 0
        again, _ = await order.book(site.url, rig.slot)
        assert again == 201
        await rig.check_after_a_hold(site.url)


@asynccontextmanager
async def _sitting_on(rig: Rig, order: Order) -> AsyncIterator[None]:
    """A lock on the first application of the order."""
    database = rig.engine.database_url.rpartition("/")[2]
    line = pymysql.connect(
        host="127.0.0.1", port=rig.mariadb.port, user="zcgl", password="zcgl-test", database=database
    )
    with line, line.cursor() as cursor:
        cursor.execute("SELECT id FROM application WHERE id = %s FOR UPDATE", [order.application_ids[0]])
        yield
        line.rollback()
