"""Row 19: cancelled twice at once, or cancelled while checked in. One of them wins, places are freed once."""

import asyncio
from uuid import UUID

from models.appointments import Appointment, AppointmentState, Visit
from server.appointments.desk import check_in
from server.appointments.refusals import AppointmentConflict
from tests.faults.rig import Rig


async def test_of_two_cancellations_one_wins(rig: Rig) -> None:
    async with rig.serve() as one, rig.serve() as other:
        order = await rig.order(3)
        await order.book(one.url, rig.slot)

        statuses = await asyncio.gather(order.cancel(one.url), order.cancel(other.url))

        assert sorted(statuses) == [200, 409]
        await rig.check_after_a_hold(one.url)


async def test_a_cancellation_and_a_check_in_exclude_each_other(rig: Rig) -> None:
    async with rig.serve() as site:
        clerk = await rig.world.clerk()
        for _ in range(5):
            order = await rig.order(2)
            _, booking = await order.book(site.url, rig.slot)

            cancelled, checked_in = await asyncio.gather(
                order.cancel(site.url), check_in(UUID(booking["id"]), None, clerk), return_exceptions=True
            )

            came = not isinstance(checked_in, AppointmentConflict)
            assert (cancelled == 200) is not came
            assert (await Appointment.get(id=booking["id"])).state is (
                AppointmentState.SUCCESS if came else AppointmentState.CANCELLED
            )
            assert await Visit.filter(appointment_id=booking["id"], place_no__isnull=False).count() == 2 * came
